"""The map of an opened page: where its pictures stand, and where its words, so that both can be covered in a copy (domain.md §5.7 rule 5).

Too much is called a picture rather than too little. What a script cannot look into (frames of other sites, closed shadow roots, embedded
things) is a picture with `unread`: words may stand in it. What the map could not hold is told by `cut`: then the map is not to be trusted.
So it is where a style draws pictures or words elsewhere than their element stands (filters, far shadows, parts of an element, names for
numbers): what a shadow or a border's picture reaches by little is added to the box instead.

To find closed shadow roots an empty element is put into each element that may have one, and taken out again at once: where it belongs to
no slot it has no style. Nothing else is changed.
"""

from __future__ import annotations

from evidence.page_tree import READ, SAID

_WALK = """
  const images = [], lines = [], closed = new Set();
  let cut = false;
  const px = (value) => parseFloat(value) || 0;
  const FRAME = /^(iframe|frame|fencedframe)$/i;
  const document_of = (e) => { try { const r = boxOf(e), doc = e.contentDocument;
      return doc && topOf(doc) && Math.abs(r.width - e.offsetWidth) < 1 && Math.abs(r.height - e.offsetHeight) < 1 ? doc : null; }
    catch { return null; } };
  const inside = (e, at) => {
    if (FRAME.test(tagOf(e))) { const doc = document_of(e), r = boxOf(e), cs = getComputedStyle(e);
      return doc ? [[topOf(doc)],
        [at[0] + r.left + e.clientLeft + px(cs.paddingLeft), at[1] + r.top + e.clientTop + px(cs.paddingTop)]] : [[], at]; }
    if (shadowOf(e)) return [kidsOf(shadowOf(e)), at];
    if (tagOf(e) === 'SLOT' && e.assignedNodes().length) return [e.assignedNodes(), at];
    return [kidsOf(e), at]; };
  const walk = (enter, words, leave) => {
    const todo = [[top, [scrollX, scrollY], null]];
    let left = most * 10;
    while (todo.length) {
      const [n, at, cs] = todo.pop();
      if (typeOf(n) === 3) words(n, at);
      else if (cs) leave(n, cs, at);
      else if (typeOf(n) === 1) {
        if (--left < 0) { cut = true; return; }
        const style = getComputedStyle(n);
        if (style.display === 'none' || !style.display) continue;
        enter(n, style, at);
        const [children, to] = inside(n, at);
        todo.push([n, at, style]);
        for (let i = children.length - 1; i >= 0; i--) todo.push([children[i], to, null]); } } };
"""

_CLOSED = """
  const MAY = /^(article|aside|blockquote|body|div|footer|h[1-6]|header|main|nav|p|section|span)$|-/i, probes = [];
  const [made] = call(Document, 'createElement');
  walk((e) => { if (MAY.test(tagOf(e)) && !shadowOf(e)) {
    const probe = made(docOf(e), 'i'); probe.slot = 'schoolwatch-' + Math.random(); probes.push([e, probe]); } },
    () => {}, () => {});
  for (const [e, probe] of probes) adopt(e, probe);
  for (const [e, probe] of probes) if (!getComputedStyle(probe).display) closed.add(e);
  for (const [, probe] of probes) probe.remove();
"""

_PLACES = """
  const rect = (r) => ({left: r.left, top: r.top, right: r.right, bottom: r.bottom});
  const place = (r, [x, y]) => ({x: Math.floor(r.left + x), y: Math.floor(r.top + y),
    w: Math.ceil(r.right - r.left) + 1, h: Math.ceil(r.bottom - r.top) + 1});
  const thrown = [];
  const put = (list, r, at, more) => {
    if (thrown.some((one) => one === 'all' || list === lines)) cut = true;
    if (r.top + at[1] > tallest) return null;
    if (list.length >= most) { cut = true; return null; }
    const found = {...place(r, at), ...more};
    list.push(found);
    return found; };
  const short = (text) => { if (text.length > 10000) cut = true; return text.slice(0, 10000); };
  const picture = (r, at, e, unread) => { if (r.right - r.left > 1 && r.bottom - r.top > 1)
    put(images, r, at, {alt: short(attr(e, 'alt') || ''), ...(unread ? {unread: true} : {})}); };
  const line = (r, at, text) => { if (text.trim() && r.right > r.left && r.bottom > r.top) put(lines, r, at, {text: short(text)}); };
"""

# Where the box before or after an element may stand, which no script can ask: inside the element, wider where it may reach out of it, and
# once more where it was put by its own place. Left edge, top edge and size are in px as the browser used them (CSSOM, resolved values).
_PSEUDO = """
  const DRAWN = /url\\(|image-set\\(|cross-fade\\(|element\\(|paint\\(/;
  const draws = (cs) => [cs.backgroundImage, cs.borderImageSource, cs.maskImage, cs.webkitMaskImage, cs.webkitMaskBoxImageSource,
    cs.content, cs.filter, cs.backdropFilter].some((value) => value && DRAWN.test(value));
  const grown = (r, x, y) => ({left: r.left - x, top: r.top - y, right: r.right + x, bottom: r.bottom + y});
  const FAR = 24, A_LITTLE = 4;
  const shifts = (value) => [...value.matchAll(/(-?[\\d.e-]+)px (-?[\\d.e-]+)px -?[\\d.e-]+px/g)]
    .reduce((most, [, x, y]) => Math.max(most, Math.abs(px(x)), Math.abs(px(y))), 0);
  const shade = (cs) => { const by = !cs.textShadow || cs.textShadow === 'none' ? 0 : Math.ceil(shifts(cs.textShadow));
    if (by > FAR) cut = true;
    return Math.min(by, FAR); };
  const edge = (cs) => cs.borderImageOutset === '0' || !DRAWN.test(cs.borderImageSource) ? 0
    : Math.max(...cs.borderImageOutset.split(' ').map((one) => one.endsWith('px') ? px(one)
      : px(one) * Math.max(...['Left', 'Top', 'Right', 'Bottom'].map((side) => px(cs[`border${side}Width`])))));
  const wide = (r, by) => by ? grown(r, by, by) : r;
  const size = (cs) => ['', 'Left', 'Right'].reduce((all, side) => all + (side
      ? px(cs['padding' + side]) + px(cs[`border${side}Width`]) : px(cs.width)), 0);
  const tall = (cs) => ['', 'Top', 'Bottom'].reduce((all, side) => all + (side
      ? px(cs['padding' + side]) + px(cs[`border${side}Width`]) : px(cs.height)), 0);
  const near = (e, ps) => {
    let block = e;
    while (up(block) && /^(inline|contents|ruby.*)$/.test(getComputedStyle(block).display)) block = up(block);
    const own = rect(boxOf(e)), outer = rect(boxOf(block));
    const shifts = ps.transform !== 'none' || ps.translate !== 'none' || ps.scale !== 'none' || ps.rotate !== 'none';
    const slack = ['Left', 'Top', 'Right', 'Bottom'].map((side) => Math.max(0, -px(ps['margin' + side]))
      + (ps.position === 'relative' ? Math.abs(px(ps[side.toLowerCase()])) : 0)).reduce((a, b) => a + b, 0);
    const reach = slack + (shifts ? size(ps) + tall(ps) : 0);
    if (block === e || own.right - own.left < 1 || ps.float !== 'none') return grown({...outer,
      right: Math.max(outer.right, outer.left + size(ps)), bottom: Math.max(outer.bottom, outer.top + tall(ps), own.top + tall(ps))},
      reach, reach);
    const high = ps.height !== 'auto' ? tall(ps) + Math.abs(px(ps.marginTop)) + Math.abs(px(ps.marginBottom))
      : DRAWN.test(ps.content) ? 1e6 : px(ps.fontSize);
    return grown({...own, top: Math.max(Math.min(own.top, outer.top), own.top - high),
      bottom: Math.min(Math.max(own.bottom, outer.bottom), own.bottom + high)}, reach, reach); };
  const apart = (e, ps) => {
    if (!/absolute|fixed/.test(ps.position)) return null;
    const view = viewOf(docOf(e));
    let holder = e;
    const holds = (cs) => cs.transform !== 'none' || cs.filter !== 'none' || /paint|layout|strict|content/.test(cs.contain)
      || (ps.position === 'absolute' && cs.position !== 'static');
    while (holder && !holds(getComputedStyle(holder))) holder = up(holder);
    const r = holder ? boxOf(holder) : null, off = ps.position === 'fixed' ? [0, 0] : [-view.scrollX, -view.scrollY];
    const x = (r ? r.left + clientLeftOf(holder) - scrollLeftOf(holder) : off[0]) + px(ps.left) + px(ps.marginLeft);
    const y = (r ? r.top + clientTopOf(holder) - scrollTopOf(holder) : off[1]) + px(ps.top) + px(ps.marginTop);
    const w = ps.boxSizing === 'border-box' ? px(ps.width) : size(ps), h = ps.boxSizing === 'border-box' ? px(ps.height) : tall(ps);
    const at = {left: x, top: y, right: x + w, bottom: y + h};
    if (ps.translate !== 'none' || ps.scale !== 'none' || ps.rotate !== 'none') return grown(at, w + h, w + h);
    if (ps.transform === 'none') return at;
    const [ox, oy] = ps.transformOrigin.split(' ').map(px), matrix = new DOMMatrix(ps.transform);
    const corners = [[0, 0], [w, 0], [0, h], [w, h]].map(([a, b]) => matrix.transformPoint(new DOMPoint(a - ox, b - oy)));
    const xs = corners.map((p) => p.x + x + ox), ys = corners.map((p) => p.y + y + oy);
    return {left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys)}; };
  const throws = (cs, clipped) => !cs.filter || cs.filter === 'none' ? null : /url\\(/.test(cs.filter) ? clipped ? 'words' : 'all'
    : shifts(cs.filter) > A_LITTLE ? 'words' : null;
  const moved = (cs, act) => { const far = throws(cs, false);
    if (far) thrown.push(far);
    act();
    if (far) thrown.pop(); };
  const COUNTS = /^(none|disc|circle|square|disclosure-.*|decimal|decimal-leading-zero|(lower|upper)-(roman|alpha|latin|greek)|)$/;
  const named = (...names) => { if (names.some((name) => !COUNTS.test(name.trim()) && !/^["']/.test(name))) cut = true; };
  const part = (e, name) => { const ps = getComputedStyle(e, name);
    if (draws(ps) || name !== '::backdrop' && shifts(ps.textShadow || '') > FAR) cut = true; };
  const within = (a, b) => a.left >= b.left && a.top >= b.top && a.right <= b.right && a.bottom <= b.bottom;
  const pseudo = (e, at, name) => {
    const ps = getComputedStyle(e, name);
    if (!ps.content || ps.content === 'none' || ps.content === 'normal' || ps.display === 'none') return;
    const plain = ps.content.replace(/"(?:[^"\\\\]|\\\\.)*"/g, '');
    named(...[...plain.matchAll(/counters?\\([^),]*(?:,[^),]*)?,\\s*([^),]+)\\)/g)].map(([, name]) => name));
    const text = said(e, ps), drawn = draws(ps) || DRAWN.test(ps.listStyleImage) && ps.display.includes('list-item');
    if (!drawn && !text.trim()) return;
    const by = near(e, ps), far = apart(e, ps);
    moved(ps, () => { for (const r of far && !within(far, by) ? [by, far] : [by]) {
      if (drawn) picture(wide(r, edge(ps)), at, e, false);
      line(wide(r, text.trim() ? shade(ps) : 0), at, text); } }); };
"""

_SHOWN = """
  const TAGS = /^(img|video|canvas|svg|picture|object|embed|image|applet)$/i, SHUT = /^(object|embed|applet)$/i;
  const whole = (e, at) => docOf(e) === document ? [{left: 0, top: 0,
      right: scrollWidthOf(top), bottom: Math.max(scrollHeightOf(top), innerHeight)}, [0, 0]]
    : [{left: 0, top: 0, right: viewOf(docOf(e)).innerWidth, bottom: viewOf(docOf(e)).innerHeight}, at];
  const outers = new Map();
  const open = (e) => { const own = e.ownerSVGElement;  // whether a drawing shows what stands outside its box
    if (!own) return false;
    if (!outers.has(own)) { let outer = own;
      while (outer.ownerSVGElement) outer = outer.ownerSVGElement;
      const cs = getComputedStyle(outer);
      outers.set(own, cs.overflowX === 'visible' || cs.overflowY === 'visible' || /[1-9]/.test(cs.overflowClipMargin)); }
    return outers.get(own); };
  const target = (e, id) => id ? [...find(rootOf(e), '[id]')].find((one) => attr(one, 'id') === id) : null;
  const used = (e, deep) => { const it = target(e, ((e.href && e.href.baseVal) || '').split('#')[1]);
    if (!it || deep > 8) return '';
    const more = [it, ...it.querySelectorAll('use')].filter((one) => tagOf(one) === 'use');
    return [contentOf(it), ...more.map((one) => used(one, deep + 1))].join(' ').replace(/\\s+/g, ' '); };
  const inDrawing = (e, cs, at) => {
    const r = rect(boxOf(e)), paints = [cs.fill, cs.stroke].some((value) => /url\\(/.test(value));
    if (tagOf(e) === 'use') { line(r, at, used(e, 0)); if (open(e)) picture(r, at, e, false); }
    if (paints && find(rootOf(e), 'pattern text, pattern use').length) cut = true;
    if (paints && open(e)) picture(wide(r, px(cs.strokeWidth)), at, e, false);
    if ([cs.markerStart, cs.markerMid, cs.markerEnd].some((value) => /url\\(/.test(value))
      && find(rootOf(e), 'marker image, marker use, marker text').length) cut = true; };
  const REPLACED = /^(img|video|canvas|input)$/i, LINED = /block|list-item|flow-root|table-c|^flex|^grid/;
  const spills = (cs) => (cs.overflowX === 'visible' || cs.overflowY === 'visible' || /[1-9]/.test(cs.overflowClipMargin))
    && (/none|cover/.test(cs.objectFit) || cs.objectPosition !== '50% 50%' || cs.objectViewBox && cs.objectViewBox !== 'none');
  const [matches] = call(Element, 'matches');
  const slides = (e) => { const root = rootOf(e), own = typeOf(root) === 9 ? read(Document, 'styleSheets', 'adoptedStyleSheets')
      : [(it) => it.styleSheets, (it) => it.adoptedStyleSheets];
    return own.flatMap((list) => [...list(root)]).some((sheet) => { try {
      return [...sheet.cssRules].some((rule) => /slider/.test(rule.cssText) && DRAWN.test(rule.cssText)); } catch { return false; } }); };
  const parts = (e, cs, at) => {
    const tag = tagOf(e);
    if (REPLACED.test(tag) && tag !== 'INPUT' && spills(cs)) cut = true;
    if (tag === 'INPUT' && e.type === 'range' && cs.appearance === 'none') { picture(rect(boxOf(e)), at, e, false);
      if (slides(e)) cut = true; }
    if (tag === 'INPUT' && e.type === 'file') part(e, '::file-selector-button');
    if ((tag === 'INPUT' || tag === 'TEXTAREA') && e.placeholder) part(e, '::placeholder');
    if (LINED.test(cs.display) && !e.ownerSVGElement) { part(e, '::first-letter'); part(e, '::first-line'); }
    if ((tag === 'DIALOG' || hasAttr(e, 'popover')) && matches(e, ':modal,:popover-open')
      && draws(getComputedStyle(e, '::backdrop'))) picture(...whole(e, at), e, false);
    if (cs.scrollMarkerGroup && cs.scrollMarkerGroup !== 'none') cut = true;
    if (/auto|scroll|hidden/.test(cs.overflowX + cs.overflowY)) { const by = getComputedStyle(e, '::scroll-button(right)');
      if (by.content && !/^(none|normal)$/.test(by.content)) cut = true; }
    if (/[^"'\\s]{3}/.test(cs.hyphenateCharacter) && cs.hyphenateCharacter !== 'auto') cut = true;
    if (/url\\(/.test(cs.backdropFilter)) cut = true; };
  const drawn = (e, cs, at) => {
    const tag = tagOf(e), r = wide(rect(boxOf(e)), edge(cs)), shut = SHUT.test(tag) || FRAME.test(tag) && !document_of(e);
    if (closed.has(e)) { if (r.right - r.left <= 1 || r.bottom - r.top <= 1) cut = true;
      picture({...r, right: Math.max(r.right, r.left + scrollWidthOf(e)), bottom: Math.max(r.bottom, r.top + scrollHeightOf(e))},
        at, e, true); }
    else if (shut || TAGS.test(tag) || tag === 'INPUT' && e.type === 'image') picture(r, at, e, shut);
    else if (/^(html|body)$/i.test(tag) && draws(cs)) picture(...whole(e, at), e, false);
    else if (draws(cs) || hasAttr(e, 'style') && cs.backgroundImage !== 'none') picture(r, at, e, false);
    if (e.ownerSVGElement) inDrawing(e, cs, at);
    parts(e, cs, at);
    if (cs.webkitBoxReflect && cs.webkitBoxReflect !== 'none') cut = true; };
  const marker = (e, cs, at) => {
    if (!cs.display.includes('list-item')) return;
    const ms = getComputedStyle(e, '::marker'), own = rect(boxOf(e));
    const r = cs.direction === 'rtl' ? {...own, right: scrollWidthOf(top)} : {...own, left: Math.min(own.left, -at[0])};
    if (DRAWN.test(cs.listStyleImage) || DRAWN.test(ms.content)) picture(r, at, e, false);
    if (ms.content && ms.content !== 'normal') line(r, at, said(e, ms));
    if (/^["']/.test(cs.listStyleType)) line(r, at, said(e, {content: cs.listStyleType}));
    else named(cs.listStyleType.replace(/^symbols\\(.*$/, 'disc')); };
  const field = (e, cs, at) => { for (const text of fieldWords(e)) line(wide(rect(boxOf(e)), text ? shade(cs) : 0), at, text || ''); };
  const [ranged] = call(Document, 'createRange');
  const words = (n, at) => {
    if (!n.data.trim()) return;
    const range = ranged(docOf(n)), holder = up(n);
    let now = null, by = -1;
    for (const m of n.data.matchAll(/\\S+/g)) {
      range.setStart(n, m.index); range.setEnd(n, m.index + m[0].length);
      const r = range.getBoundingClientRect();
      if (!r.width || !r.height) continue;
      if (by < 0) by = holder ? shade(getComputedStyle(holder)) : 0;
      const p = place(r, at);
      if (now && Math.abs(now.y + by - p.y) < p.h / 2 && p.x >= now.x + by) {
        now.w = Math.max(now.w, p.x + p.w + by - now.x); now.text += ' ' + m[0]; }
      else now = put(lines, wide(r, by), at, {text: m[0]}); } };
  const moves = (e, cs) => throws(cs, e.ownerSVGElement && !open(e));
  walk((e, cs, at) => { const far = moves(e, cs);
      if (far) thrown.push(far);
      drawn(e, cs, at); marker(e, cs, at); pseudo(e, at, '::before'); field(e, cs, at); },
    words, (e, cs, at) => { pseudo(e, at, '::after'); if (moves(e, cs)) thrown.pop(); });
  return {width: scrollWidthOf(top), height: scrollHeightOf(top), images, lines, cut};
}"""

LAYOUT = "([tallest, most]) => {" + READ + SAID + _WALK + _CLOSED + _PLACES + _PSEUDO + _SHOWN
