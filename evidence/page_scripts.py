"""What is asked of an opened page: scripts that read it, wait for it, and, for the post's own picture, hide what lies over it.

Nothing here clicks, types or sends. All but the watch run in a world of our own (evidence.own_world) and ask forms and documents for no
name that the page could occupy (evidence.page_tree). They look into open shadow roots and into frames of the same site. `HIDE` is the only
one that changes the page for longer than its own run; it lists each thing it hides and hands out how to undo it (evidence.md §3).
"""

from __future__ import annotations

from evidence import page_layout
from evidence.page_tree import READ, SAID, TREE

LAYOUT = page_layout.LAYOUT  # where pictures and words stand

TITLE = "() => {" + TREE + " return read(Document, 'title')[0](document).slice(0, 1000); }"

# What a style or a script shows that is no text of the page is searched too; `TEXT`, the page's text as it is kept, has none of it.
WORDS = (
    "() => {"
    + TREE
    + SAID
    + """
  const [isVisible] = call(Element, 'checkVisibility');
  const isShown = (e) => isVisible(e, {visibilityProperty: true}) || getComputedStyle(e).display === 'contents';
  const beside = (e) => ['::before', '::after', '::marker'].map((part) => getComputedStyle(e, part))
    .map((style) => style.content && !/^(none|normal)$/.test(style.content) ? said(e, style) : '');
  const bullet = (e) => { const style = getComputedStyle(e);
    return style.display.includes('list-item') && /^["']/.test(style.listStyleType) ? said(e, {content: style.listStyleType}) : ''; };
  const shownBy = (e) => { const found = [...beside(e), bullet(e), ...fieldWords(e)].filter((text) => text && text.trim());
    return found.length && isShown(e) ? found : []; };
  const all = roots(document);
  const some = (list, most) => [...new Set(list.map((s) => (s || '').trim()).filter(Boolean))].map((s) => s.slice(0, 4000)).slice(0, most);
  const attribute = (selector, name) => every(selector, all).map((e) => attr(e, name));
  const leadsTo = (e) => e.href && e.href.baseVal !== undefined ? e.href.baseVal : String(e.href || e.src);
  const drawn = [...new Set(every('*', all).flatMap(shownBy))].join('\\n').slice(0, 1000000);
  return {title: read(Document, 'title')[0](document).slice(0, 4000), text: `${drawn}\\n${words(all)}`.slice(0, 5000000),
    alts: some([...attribute('[alt]', 'alt'), ...attribute('[aria-label]', 'aria-label'), ...attribute('[title]', 'title'),
      ...attribute('meta[property$="title"],meta[property$="description"],meta[name$="description"],meta[property$=":alt"]', 'content'),
      ...every('svg title, noscript', all).map(contentOf)], 5000),
    links: some([...every('a[href],area[href],iframe[src]', all).map(leadsTo), ...every('a[href]', all).map(textOf)], 5000),
    labels: some([...attribute('meta[name="rating" i],meta[http-equiv="rating" i],meta[property$="restrictions:age"]', 'content'),
      ...every('[nsfw],[data-nsfw="true"],[is-nsfw],[data-sensitive="true"]', all).map(() => 'nsfw')], 100)};
}"""
)

HAS_WORDS = (
    "([enough, post]) => {"
    + READ
    + """
  const body = bodyOf(document), text = body ? textOf(body) : '';
  const plain = (s) => s.toLowerCase().replace(/[^\\p{L}\\p{N}]/gu, '');
  return text.length > enough || !read(Document, 'scripts')[0](document).length || (post && plain(text).includes(plain(post))); }"""
)

WAIT_VIEW = (
    "async (cap) => {"
    + READ
    + """
  const until = performance.now() + cap, [imagesOf, fontsOf] = read(Document, 'images', 'fonts');
  const seen = () => [...imagesOf(document)].filter((i) => { const r = i.getBoundingClientRect();
    return r.width && r.top < innerHeight && r.bottom > 0 && (i.currentSrc || i.src); });
  await Promise.race([fontsOf(document).ready, new Promise((r) => setTimeout(r, cap))]);
  while (performance.now() < until && seen().some((i) => !i.complete)) await new Promise((r) => setTimeout(r, 25));
}"""
)

SETTLE = (
    "async ([cap, tallest]) => {"
    + TREE
    + """
  const until = performance.now() + cap, [fontsOf, sheetsOf] = read(Document, 'fonts', 'styleSheets');
  const tall = () => Math.max(scrollHeightOf(topOf(document)), bodyOf(document) ? scrollHeightOf(bodyOf(document)) : 0);
  const shown = () => every('img').filter((i) => { const r = i.getBoundingClientRect();
    return r.width && r.height && r.top + shift(i)[1] < tallest && (i.currentSrc || i.src || i.dataset.src); });
  let y = 0;
  while (performance.now() < until && y < Math.min(tall(), tallest)) { scrollTo(0, y); y += innerHeight; await frame(); }
  scrollTo(0, Math.min(tall(), tallest));
  await frame();
  await Promise.race([fontsOf(document).ready, nap(Math.max(0, until - performance.now()))]);
  while (performance.now() < until && shown().some((i) => !i.complete || (!i.currentSrc && i.dataset.src))) await nap(20);
  scrollTo(0, 0);
  await frame(); await frame();
  const dark = () => { const own = getComputedStyle(topOf(document)).colorScheme || '';
    const asks = (rules) => [...rules].some((r) => (r.media && /prefers-color-scheme:\\s*dark/.test(r.media.mediaText))
      || (r.cssRules && asks(r.cssRules)));
    const sheet = (s) => { try { return (s.media && /dark/.test(s.media.mediaText)) || asks(s.cssRules); } catch { return false; } };
    return /dark/.test(own) || [...sheetsOf(document)].some(sheet); };
  const all = shown();
  return {images: all.length, loaded: all.filter((i) => i.complete && i.naturalWidth > 0).length, height: tall(),
    width: scrollWidthOf(topOf(document)), dark_scheme: dark()};
}"""
)

# Whether frames that no script can look into stand below the first screen, as far as they can be seen at all.
FRAMES_BELOW = (
    "() => {"
    + TREE
    + """
  const foreign = (e) => { try { return !e.contentDocument; } catch { return true; } };
  return every('iframe,frame').filter(foreign).some((e) => { const r = e.getBoundingClientRect();
    return r.width > 2 && r.height > 2 && r.bottom + shift(e)[1] > innerHeight; });
}"""
)

TALL = "() => {" + TREE + " return scrollHeightOf(top); }"

IS_SCROLLED = "() => scrollX !== 0 || scrollY !== 0"

TEXT = "() => {" + TREE + " return words(); }"

SOURCE = (
    "() => {"
    + TREE
    + """
  const shadows = roots(document).filter(hostOf), doctype = read(Document, 'doctype')[0](document);
  const kind = doctype ? `<!DOCTYPE ${doctype.name}>\\n` : '', [outerOf, attributesOf] = read(Element, 'outerHTML', 'attributes');
  if (!Element.prototype.getHTML || !shadows.length) return kind + outerOf(top);
  const open = [...attributesOf(top)].map((a) => ` ${a.name}="${a.value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`).join('');
  return `${kind}<html${open}>${call(Element, 'getHTML')[0](top, {serializableShadowRoots: true, shadowRoots: shadows})}</html>`;
}"""
)

# Finds the post by its words. The text of the page is laid out as one string of letters and digits only, so that markup, white space and
# punctuation do not matter; each place where the words stand is widened to its article, or to the closest box that holds little more.
FIND = (
    "([spellings, author]) => {"
    + TREE
    + """
  const plain = (s) => s.normalize('NFKC').toLowerCase().replace(/[^\\p{L}\\p{N}\\p{Extended_Pictographic}]/gu, '');
  const nodes = [], starts = [], size = new Map(), visible = new Map(), [matches, isVisible] = call(Element, 'matches', 'checkVisibility');
  let all = '';
  const sees = (e) => { if (!visible.has(e)) visible.set(e, isVisible(e, {visibilityProperty: true})); return visible.get(e); };
  const look = (n) => {
    if (typeOf(n) === 3) { const text = plain(n.data), holder = up(n);
      if (text && holder && sees(parentOf(n) || holder)) { nodes.push(n); starts.push(all.length); all += text;
        for (let e = holder; e; e = up(e)) size.set(e, (size.get(e) || 0) + text.length); } }
    else if (typeOf(n) === 1 && !['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE'].includes(tagOf(n))) {
      const inner = shadowOf(n) ? kidsOf(shadowOf(n)) : tagOf(n) === 'SLOT' && n.assignedNodes().length ? n.assignedNodes() : kidsOf(n);
      for (const kid of inner) look(kid); } };
  const body = bodyOf(document);
  if (body) look(body);
  const at = (place) => { let low = 0, high = starts.length - 1;
    while (low < high) { const mid = (low + high + 1) >> 1; if (starts[mid] <= place) low = mid; else high = mid - 1; }
    return nodes[low]; };
  const ARTICLE = 'article,[role=article],[role=comment],[itemtype*="Comment"],[itemtype*="Posting"],[data-testid=tweet],shreddit-post,'
    + 'shreddit-comment,.post,.comment,li.comment';
  const box = (e) => { const r = boxOf(e); return r.width > 0 && r.height > 0 ? r : null; };
  const widened = (common, want) => { let near = null;
    for (let e = common; e && e !== body && e !== top; e = up(e)) {
      const much = size.get(e) || 0, r = box(e);
      if (much > Math.max(3 * want, want + 600)) break;
      if (r && matches(e, ARTICLE)) return [e, true];
      if (r && (!near || (much <= want + 150 && r.height <= 4000))) near = e; }
    return [near || common, false]; };
  const who = plain(author);
  for (const [number, spelling] of spellings.entries()) {
    const want = plain(spelling), found = [];
    if (!want) continue;
    for (let place = all.indexOf(want); place >= 0 && found.length < 40; place = all.indexOf(want, place + want.length)) {
      const first = at(place), chain = new Set();
      for (let e = up(first); e; e = up(e)) chain.add(e);
      let common = up(at(place + want.length - 1));
      while (common && !chain.has(common)) common = up(common);
      if (!common) continue;
      const [e, article] = widened(common, want.length);
      if (!box(e)) continue;
      const named = who && plain(textOf(e) || '').includes(who);
      found.push([(named ? 2 : 0) + (article ? 1 : 0), -(size.get(e) || 0), e]); }
    found.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
    if (found.length) return {element: found[0][2], whole: number === 0};
  }
  return {element: null, whole: false};
}"""
)

# Hides what lies over an element: fixed and sticky things, dialogs, and whatever a hit test finds on top of it; never the element's own
# parents, nor anything in it. Answers with the list of what was hidden, and how to bring it back; when it fails half-way it has brought it
# back already. Styles are set and restored as objects, and rules adopted: a page's content security policy forbids neither.
HIDE = (
    "(el) => {"
    + TREE
    + """
  const chain = new Set(), hidden = [], undo = [];
  const [idOf] = read(Element, 'id'), [styleOf] = read(HTMLElement, 'style'), [sheetsOf] = read(Document, 'adoptedStyleSheets');
  const [matches, set, unset] = call(Element, 'matches', 'setAttribute', 'removeAttribute');
  const [hitOn] = call(Document, 'elementFromPoint'), [hitIn] = call(ShadowRoot, 'elementFromPoint');
  for (let n = el; n; n = up(n)) chain.add(n);
  const inside = (n) => { for (let m = n; m; m = up(m)) if (m === el) return true; return false; };
  const note = (n, name, position) => { const r = boxOf(n);
    hidden.push({tag: name, id: idOf(n).slice(0, 60), class: (attr(n, 'class') || '').slice(0, 60), position,
      x: Math.round(r.left + scrollX), y: Math.round(r.top + scrollY), w: Math.round(r.width), h: Math.round(r.height),
      text: (textOf(n) || '').replace(/\\s+/g, ' ').trim().slice(0, 60)}); };
  const ruled = (n, part, rules) => {
    const mark = `schoolwatch-${undo.length}`, sheet = new CSSStyleSheet(), holder = rootOf(n);
    const list = () => holder === document ? sheetsOf(document) : holder.adoptedStyleSheets;
    sheet.replaceSync(`[${mark}]${`:not(#${mark})`.repeat(4)}${part}{${rules}}`);
    undo.push(() => { unset(n, mark); const found = list().indexOf(sheet); if (found >= 0) list().splice(found, 1); });
    set(n, mark, '');
    list().push(sheet); };
  const own = (n) => { try { return styleOf(n); } catch { return n.style; } };
  const away = (n, position, keepsPlace) => { note(n, tagOf(n).toLowerCase(), position);
    const style = own(n), old = attr(n, 'style'), was = style && style.cssText;
    const rules = [['transition', 'none'], ...(keepsPlace ? [['opacity', '0'], ['pointer-events', 'none']] : [['display', 'none']])];
    if (!style) { ruled(n, '', rules.map(([name, value]) => `${name}:${value}!important`).join(';')); return; }
    undo.push(() => { style.cssText = was;
      if (old === null) unset(n, 'style'); else if (attr(n, 'style') !== old) set(n, 'style', old); });
    for (const [name, value] of rules) style.setProperty(name, value, 'important'); };
  const drawnBy = (n) => { for (const part of ['::before', '::after']) { const s = getComputedStyle(n, part);
      if (s.content === 'none' || !['fixed', 'sticky', 'absolute'].includes(s.position) || n === el) continue;
      if (s.position === 'absolute' && (n !== bodyOf(document) && n !== top)) continue;
      note(n, tagOf(n).toLowerCase() + part, s.position);
      ruled(n, part, 'display:none!important'); } };
  const kids = (n) => { const given = tagOf(n) === 'SLOT' ? n.assignedElements() : [];
    return shadowOf(n) ? [...elementsInRoot(shadowOf(n))] : given.length ? given : [...elementsIn(n)]; };
  const modal = (n) => { try { return matches(n, ':modal,:popover-open,dialog[open],[aria-modal="true"]'); } catch { return false; } };
  const walk = (n) => {
    if (n === el) return;
    const position = getComputedStyle(n).position;
    if (chain.has(n)) drawnBy(n);
    else if (modal(n)) return away(n, 'dialog', false);
    else if (position === 'fixed') return away(n, position, false);
    else if (position === 'sticky') return away(n, position, true);
    for (const kid of kids(n)) walk(kid); };
  const hit = (x, y) => { let n = hitOn(document, x, y);
    while (n && shadowOf(n)) { const deeper = hitIn(shadowOf(n), x, y); if (!deeper || deeper === n) break; n = deeper; }
    return n; };
  const clear = () => { const r = boxOf(el); let found = false;
    for (let i = 0; i <= 18; i++) for (let j = 0; j <= 8; j++) {
      const from = Math.max(0, r.top), to = Math.min(r.bottom, innerHeight);
      const x = r.left + 1 + (r.width - 2) * j / 8, y = from + 1 + (to - from - 2) * i / 18;
      let n = hit(x, y);
      if (!n || chain.has(n) || inside(n)) continue;
      while (up(n) && !chain.has(up(n))) n = up(n);
      if (hidden.length >= 200) return false;
      away(n, getComputedStyle(n).position, true);
      found = true; }
    return found; };
  const back = () => { for (const act of undo.splice(0).reverse()) try { act(); } catch { continue; } };
  const stood = [scrollX, scrollY];
  try {
    walk(top);
    const from = boxOf(el).top + scrollY, high = Math.min(boxOf(el).height, 8000);
    for (let y = from; y < from + high; y += innerHeight) { scrollTo(stood[0], y); for (let i = 0; i < 8 && clear(); i++); }
  } catch (error) { back(); throw error; } finally { scrollTo(...stood); }
  return {hidden, undo: back};
}"""
)

FRAMES = "() => {" + TREE + " return frame().then(frame); }"


def watch_prompts(name: str) -> str:
    """Return the script that runs before the page's own: it counts, under `name`, what asks a person (print, permission), and refuses."""
    return (
        """(() => { const counts = {print: 0, permission: 0};
  try { Object.defineProperty(window, '"""
        + name
        + """', {value: counts}); } catch { return; }
  const refuse = (holder, verb, kind, answer) => { if (holder && typeof holder[verb] === 'function')
    try { holder[verb] = function (...given) { counts[kind] += 1; return answer(...given); }; } catch { return; } };
  const denied = () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
  const nowhere = (_found, failed) => { if (typeof failed === 'function') setTimeout(() => failed({code: 1, message: 'denied'}), 0); };
  refuse(window, 'print', 'print', () => undefined);
  refuse(window.Notification, 'requestPermission', 'permission', () => Promise.resolve('denied'));
  const geo = navigator.geolocation && Object.getPrototypeOf(navigator.geolocation);
  refuse(geo, 'getCurrentPosition', 'permission', nowhere);
  refuse(geo, 'watchPosition', 'permission', nowhere);
  const media = navigator.mediaDevices && Object.getPrototypeOf(navigator.mediaDevices);
  refuse(media, 'getUserMedia', 'permission', denied);
  refuse(media, 'getDisplayMedia', 'permission', denied);
})()"""
    )
