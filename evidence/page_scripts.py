"""What is asked of an opened page: scripts that read it, wait for it, and, for the post's own picture, hide what lies over it.

Nothing here clicks, types or sends. All of them look into open shadow roots and into frames of the same site. `HIDE` is the only one that
changes the page for longer than its own run; it lists each thing it hides and hands out how to undo it (evidence.md §3).
"""

from __future__ import annotations

from evidence import page_layout

LAYOUT = page_layout.LAYOUT  # where pictures and words stand

_TREE = """
  const up = (n) => n.assignedSlot || n.parentElement || (n.getRootNode() instanceof ShadowRoot ? n.getRootNode().host : null);
  const roots = (top) => { const found = [top], look = [top];
    while (look.length) { const root = look.pop();
      for (const e of root.querySelectorAll('*')) {
        if (e.shadowRoot) { found.push(e.shadowRoot); look.push(e.shadowRoot); }
        if (e.tagName === 'IFRAME' || e.tagName === 'FRAME') { let inner = null;
          try { inner = e.contentDocument; } catch { inner = null; }
          if (inner && inner.body) { found.push(inner); look.push(inner); } } } }
    return found; };
  const every = (selector) => roots(document).flatMap((root) => [...root.querySelectorAll(selector)]);
  const words = () => roots(document).map((root) => root.body ? root.body.innerText
    : [...root.children].filter((e) => !['STYLE', 'SCRIPT'].includes(e.tagName)).map((e) => e.innerText || '').join('\\n'))
    .filter((text) => text && text.trim()).join('\\n');
  const shift = (e) => { let x = scrollX, y = scrollY, view = e.ownerDocument.defaultView;
    while (view && view !== window && view.frameElement) { const r = view.frameElement.getBoundingClientRect();
      x += r.left; y += r.top; view = view.parent; }
    return [x, y]; };
  const nap = (ms) => new Promise((r) => setTimeout(r, ms));
  const frame = () => Promise.race([new Promise((r) => requestAnimationFrame(() => setTimeout(r, 0))), nap(100)]);
"""

WORDS = (
    "() => {"
    + _TREE
    + """
  const some = (list, most) => [...new Set(list.map((s) => (s || '').trim()).filter(Boolean))].map((s) => s.slice(0, 4000)).slice(0, most);
  const attribute = (selector, name) => every(selector).map((e) => e.getAttribute(name));
  return {title: document.title.slice(0, 4000), text: words().slice(0, 5000000),
    alts: some([...attribute('[alt]', 'alt'), ...attribute('[aria-label]', 'aria-label'), ...attribute('[title]', 'title'),
      ...attribute('meta[property$="title"],meta[property$="description"],meta[name$="description"],meta[property$=":alt"]', 'content'),
      ...every('svg title, noscript').map((e) => e.textContent)], 5000),
    links: some([...every('a[href],area[href],iframe[src]').map((e) => String(e.href || e.src)),
      ...every('a[href]').map((e) => e.innerText)], 5000),
    labels: some([...attribute('meta[name="rating" i],meta[http-equiv="rating" i],meta[property$="restrictions:age"]', 'content'),
      ...every('[nsfw],[data-nsfw="true"],[is-nsfw],[data-sensitive="true"]').map(() => 'nsfw')], 100)};
}"""
)

HAS_WORDS = """([enough, post]) => { const text = document.body ? document.body.innerText : '';
  const plain = (s) => s.toLowerCase().replace(/[^\\p{L}\\p{N}]/gu, '');
  return text.length > enough || !document.scripts.length || (post && plain(text).includes(plain(post))); }"""

WAIT_VIEW = """async (cap) => {
  const until = performance.now() + cap;
  const seen = () => [...document.images].filter((i) => { const r = i.getBoundingClientRect();
    return r.width && r.top < innerHeight && r.bottom > 0 && (i.currentSrc || i.src); });
  await Promise.race([document.fonts.ready, new Promise((r) => setTimeout(r, cap))]);
  while (performance.now() < until && seen().some((i) => !i.complete)) await new Promise((r) => setTimeout(r, 25));
}"""

SETTLE = (
    "async ([cap, tallest]) => {"
    + _TREE
    + """
  const until = performance.now() + cap;
  const tall = () => Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0);
  const shown = () => every('img').filter((i) => { const r = i.getBoundingClientRect();
    return r.width && r.height && r.top + shift(i)[1] < tallest && (i.currentSrc || i.src || i.dataset.src); });
  let y = 0;
  while (performance.now() < until && y < Math.min(tall(), tallest)) { scrollTo(0, y); y += innerHeight; await frame(); }
  scrollTo(0, Math.min(tall(), tallest));
  await frame();
  await Promise.race([document.fonts.ready, nap(Math.max(0, until - performance.now()))]);
  while (performance.now() < until && shown().some((i) => !i.complete || (!i.currentSrc && i.dataset.src))) await nap(20);
  scrollTo(0, 0);
  await frame(); await frame();
  const dark = () => { const own = getComputedStyle(document.documentElement).colorScheme || '';
    const asks = (rules) => [...rules].some((r) => (r.media && /prefers-color-scheme:\\s*dark/.test(r.media.mediaText))
      || (r.cssRules && asks(r.cssRules)));
    const sheet = (s) => { try { return (s.media && /dark/.test(s.media.mediaText)) || asks(s.cssRules); } catch { return false; } };
    return /dark/.test(own) || [...document.styleSheets].some(sheet); };
  const all = shown();
  return {images: all.length, loaded: all.filter((i) => i.complete && i.naturalWidth > 0).length, height: tall(),
    width: document.documentElement.scrollWidth, dark_scheme: dark()};
}"""
)

TEXT = "() => {" + _TREE + " return words(); }"

SOURCE = (
    "() => {"
    + _TREE
    + """
  const shadows = roots(document).filter((root) => root instanceof ShadowRoot);
  const top = document.documentElement, kind = document.doctype ? `<!DOCTYPE ${document.doctype.name}>\\n` : '';
  if (!top.getHTML || !shadows.length) return kind + top.outerHTML;
  const open = [...top.attributes].map((a) => ` ${a.name}="${a.value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`).join('');
  return `${kind}<html${open}>${top.getHTML({serializableShadowRoots: true, shadowRoots: shadows})}</html>`;
}"""
)

# Finds the post by its words. The text of the page is laid out as one string of letters and digits only, so that markup, white space and
# punctuation do not matter; each place where the words stand is widened to its article, or to the closest box that holds little more.
FIND = (
    "([spellings, author]) => {"
    + _TREE
    + """
  const plain = (s) => s.normalize('NFKC').toLowerCase().replace(/[^\\p{L}\\p{N}\\p{Extended_Pictographic}]/gu, '');
  const nodes = [], starts = [], size = new Map(), visible = new Map();
  let all = '';
  const sees = (e) => { if (!visible.has(e)) visible.set(e, !e.checkVisibility || e.checkVisibility({visibilityProperty: true}));
    return visible.get(e); };
  const read = (n) => {
    if (n.nodeType === 3) { const text = plain(n.data), holder = up(n);
      if (text && holder && sees(n.parentElement || holder)) { nodes.push(n); starts.push(all.length); all += text;
        for (let e = holder; e; e = up(e)) size.set(e, (size.get(e) || 0) + text.length); } }
    else if (n.nodeType === 1 && !['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE'].includes(n.tagName)) {
      const inner = n.shadowRoot ? n.shadowRoot.childNodes
        : n.tagName === 'SLOT' && n.assignedNodes().length ? n.assignedNodes() : n.childNodes;
      for (const kid of inner) read(kid); } };
  if (document.body) read(document.body);
  const at = (place) => { let low = 0, high = starts.length - 1;
    while (low < high) { const mid = (low + high + 1) >> 1; if (starts[mid] <= place) low = mid; else high = mid - 1; }
    return nodes[low]; };
  const ARTICLE = 'article,[role=article],[role=comment],[itemtype*="Comment"],[itemtype*="Posting"],[data-testid=tweet],shreddit-post,'
    + 'shreddit-comment,.post,.comment,li.comment';
  const box = (e) => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 ? r : null; };
  const widened = (common, want) => { let near = null;
    for (let e = common; e && e !== document.body && e !== document.documentElement; e = up(e)) {
      const much = size.get(e) || 0, r = box(e);
      if (much > Math.max(3 * want, want + 600)) break;
      if (r && e.matches(ARTICLE)) return [e, true];
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
      const named = who && plain(e.innerText || e.textContent || '').includes(who);
      found.push([(named ? 2 : 0) + (article ? 1 : 0), -(size.get(e) || 0), e]); }
    found.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
    if (found.length) return {element: found[0][2], whole: number === 0};
  }
  return {element: null, whole: false};
}"""
)

# Hides what lies over an element: fixed and sticky things, dialogs, and whatever a hit test finds on top of it; never the element's own
# parents, nor anything in it. Answers with the list of what was hidden, and how to bring it back.
HIDE = (
    "(el) => {"
    + _TREE
    + """
  const chain = new Set(), hidden = [], undo = [];
  for (let n = el; n; n = up(n)) chain.add(n);
  const inside = (n) => { for (let m = n; m; m = up(m)) if (m === el) return true; return false; };
  const note = (n, name, position) => { const r = n.getBoundingClientRect();
    hidden.push({tag: name, id: (n.id || '').slice(0, 60), class: (n.getAttribute('class') || '').slice(0, 60), position,
      x: Math.round(r.left + scrollX), y: Math.round(r.top + scrollY), w: Math.round(r.width), h: Math.round(r.height),
      text: (n.innerText || '').replace(/\\s+/g, ' ').trim().slice(0, 60)}); };
  const away = (n, position, keepsPlace) => { note(n, n.tagName.toLowerCase(), position);
    const old = n.getAttribute('style');
    undo.push(() => old === null ? n.removeAttribute('style') : n.setAttribute('style', old));
    n.style.setProperty('transition', 'none', 'important');
    if (keepsPlace) { n.style.setProperty('opacity', '0', 'important'); n.style.setProperty('pointer-events', 'none', 'important'); }
    else n.style.setProperty('display', 'none', 'important'); };
  const drawnBy = (n) => { for (const part of ['::before', '::after']) { const s = getComputedStyle(n, part);
      if (s.content === 'none' || !['fixed', 'sticky', 'absolute'].includes(s.position) || n === el) continue;
      if (s.position === 'absolute' && (n !== document.body && n !== document.documentElement)) continue;
      const mark = `sw-${undo.length}`, sheet = document.createElement('style');
      n.classList.add(mark);
      sheet.textContent = `.${mark}${part}{display:none!important}`;
      (n.getRootNode().head || n.getRootNode()).append(sheet);
      note(n, n.tagName.toLowerCase() + part, s.position);
      undo.push(() => { n.classList.remove(mark); sheet.remove(); }); } };
  const kids = (n) => n.shadowRoot ? [...n.shadowRoot.children] : n.tagName === 'SLOT' ? [...n.assignedElements()] : [...n.children];
  const modal = (n) => { try { return n.matches(':modal,:popover-open,dialog[open],[aria-modal="true"]'); } catch { return false; } };
  const walk = (n) => {
    if (n === el) return;
    const position = getComputedStyle(n).position;
    if (chain.has(n)) drawnBy(n);
    else if (modal(n)) return away(n, 'dialog', false);
    else if (position === 'fixed') return away(n, position, false);
    else if (position === 'sticky') return away(n, position, true);
    for (const kid of kids(n)) walk(kid); };
  walk(document.documentElement);
  const hit = (x, y) => { let n = document.elementFromPoint(x, y);
    while (n && n.shadowRoot) { const deeper = n.shadowRoot.elementFromPoint(x, y); if (!deeper || deeper === n) break; n = deeper; }
    return n; };
  const clear = () => { const r = el.getBoundingClientRect(); let found = false;
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
  const back = [scrollX, scrollY], top = el.getBoundingClientRect().top + scrollY, high = Math.min(el.getBoundingClientRect().height, 8000);
  for (let y = top; y < top + high; y += innerHeight) { scrollTo(back[0], y); for (let i = 0; i < 8 && clear(); i++); }
  scrollTo(...back);
  return {hidden, undo: () => { for (const act of undo.reverse()) act(); }};
}"""
)

FRAMES = "() => {" + _TREE + " return frame().then(frame); }"


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
