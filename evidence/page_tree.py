"""How our scripts read a page: by the browser's own getters, taken from the prototypes, and never by a name that the page may occupy.

Forms (and documents) answer with their fields, pictures and frames when they are asked for a name that one of these bears: `<form><input
name=parentElement>` has an input for its parent, in every world of scripts (HTML §4.10.3 and §3.1.6, [LegacyOverrideBuiltIns]). So whatever
may be a form or a document is read here by `get.call(it)`. What is never one (a picture, a frame, a text) may be asked directly.
"""

from __future__ import annotations

READ = """
  const read = (kind, ...names) => names.map((name) => {
    const get = Object.getOwnPropertyDescriptor(kind.prototype, name).get; return (it) => get.call(it); });
  const call = (kind, ...names) => names.map((name) => {
    const act = kind.prototype[name]; return (it, ...given) => act.apply(it, given); });
  const [typeOf, kidsOf, parentOf, docOf, contentOf]
    = read(Node, 'nodeType', 'childNodes', 'parentElement', 'ownerDocument', 'textContent');
  const [rootOf, adopt] = call(Node, 'getRootNode', 'appendChild');
  const [plainTag, localOf, spaceOf] = read(Element, 'tagName', 'localName', 'namespaceURI');
  const [shadowOf, elementSlot, elementsIn] = read(Element, 'shadowRoot', 'assignedSlot', 'children');
  const [scrollWidthOf, scrollHeightOf, scrollLeftOf, scrollTopOf, clientLeftOf, clientTopOf]
    = read(Element, 'scrollWidth', 'scrollHeight', 'scrollLeft', 'scrollTop', 'clientLeft', 'clientTop');
  const [boxOf, attr, hasAttr] = call(Element, 'getBoundingClientRect', 'getAttribute', 'hasAttribute');
  const [textSlot] = read(Text, 'assignedSlot');
  const [bodyOf, topOf, viewOf] = read(Document, 'body', 'documentElement', 'defaultView');
  const [findInDocument] = call(Document, 'querySelectorAll'), [findInFragment] = call(DocumentFragment, 'querySelectorAll');
  const [elementsInRoot] = read(DocumentFragment, 'children'), [shadowHost] = read(ShadowRoot, 'host');
  const [objectDocument] = read(HTMLObjectElement, 'contentDocument'), [htmlText] = read(HTMLElement, 'innerText');
  const top = topOf(document);
  const tagOf = (e) => spaceOf(e) === 'http://www.w3.org/1999/xhtml' ? localOf(e).toUpperCase() : plainTag(e);
  const find = (root, selector) => (typeOf(root) === 9 ? findInDocument : findInFragment)(root, selector);
  const textOf = (e) => { try { return htmlText(e); } catch { return contentOf(e); } };
  const hostOf = (root) => { if (typeOf(root) !== 11) return null; try { return shadowHost(root); } catch { return null; } };
  const up = (n) => (typeOf(n) === 1 ? elementSlot : textSlot)(n) || parentOf(n) || hostOf(rootOf(n));
"""

# What an element says that is no text of the page: what stands before and after it, and what stands in a field.
SAID = """
  const said = (e, cs) => [...cs.content.replace(/url\\("(?:[^"\\\\]|\\\\.)*"\\)/g, '')
      .matchAll(/"((?:[^"\\\\]|\\\\[^])*)"|attr\\(\\s*([^\\s,)]+)[^)]*\\)|(?:open|close)-quote/g)]
    .map(([, text, name]) => name ? attr(e, name) || '' : text === undefined ? cs.quotes
      : text.replace(/\\\\([0-9a-f]{1,6})\\s?|\\\\([^])/gi, (_, code, char) => code
        ? String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff)) : char)).join('');
  const fieldWords = (e) => {
    const tag = tagOf(e), chosen = [...(e.selectedOptions || [])];
    return tag === 'SELECT' ? [...(e.multiple || e.size > 1 ? e.options || [] : chosen)].map((o) => o.label)
        .concat([...e.querySelectorAll('optgroup')].map((o) => o.label), chosen.map((o) => o.title))
      : tag === 'TEXTAREA' || tag === 'INPUT' && e.type !== 'hidden'
        ? [e.type === 'password' ? '' : e.value, e.placeholder] : []; };
"""

TREE = (
    READ
    + """
  const within = (e) => { try { return /^(iframe|frame)$/i.test(tagOf(e)) ? e.contentDocument
    : /^object$/i.test(tagOf(e)) ? objectDocument(e) : null; } catch { return null; } };
  const roots = (from) => { const found = [from], look = [from];
    while (look.length) { for (const e of find(look.pop(), '*')) {
      const shadow = shadowOf(e), inner = within(e);
      if (shadow) { found.push(shadow); look.push(shadow); }
      if (inner && topOf(inner)) { found.push(inner); look.push(inner); } } }
    return found; };
  const every = (selector, among) => (among || roots(document)).flatMap((root) => [...find(root, selector)]);
  const saidBy = (n) => typeOf(n) === 3 ? n.data
    : typeOf(n) !== 1 || /^(style|script|noscript|template)$/i.test(tagOf(n)) ? '' : textOf(n) || '';
  const wordsIn = (root) => { const body = typeOf(root) === 9 ? bodyOf(root) : null;
    return body ? textOf(body) : [...kidsOf(root)].map(saidBy).filter((text) => text.trim()).join('\\n'); };
  const words = (among) => (among || roots(document)).map(wordsIn).filter((text) => text && text.trim()).join('\\n');
  const shift = (e) => { let x = scrollX, y = scrollY, view = viewOf(docOf(e));
    while (view && view !== window && view.frameElement) { const r = boxOf(view.frameElement);
      x += r.left; y += r.top; view = view.parent; }
    return [x, y]; };
  const nap = (ms) => new Promise((r) => setTimeout(r, ms));
  const frame = () => Promise.race([new Promise((r) => requestAnimationFrame(() => setTimeout(r, 0))), nap(100)]);
"""
)
