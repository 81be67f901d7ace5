/**
 * Elements of HTML, and obsolete ones that are still found in texts. Of those, the names that serve
 * more often as placeholders are missing: `dir`, `image`, `command`, `content`.
 *
 * @see https://html.spec.whatwg.org/multipage/indices.html#elements-3
 */
const ELEMENTS = new Set([
  ...['a', 'abbr', 'address', 'area', 'article', 'aside', 'audio', 'b', 'base', 'bdi', 'bdo'],
  ...['blockquote', 'body', 'br', 'button', 'canvas', 'caption', 'cite', 'code', 'col', 'colgroup'],
  ...[
    'data',
    'datalist',
    'dd',
    'del',
    'details',
    'dfn',
    'dialog',
    'div',
    'dl',
    'dt',
    'em',
    'embed',
  ],
  ...['fieldset', 'figcaption', 'figure', 'footer', 'form', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'],
  ...['head', 'header', 'hgroup', 'hr', 'html', 'i', 'iframe', 'img', 'input', 'ins', 'kbd'],
  ...['label', 'legend', 'li', 'link', 'main', 'map', 'mark', 'math', 'menu', 'meta', 'meter'],
  ...['nav', 'noscript', 'object', 'ol', 'optgroup', 'option', 'output', 'p', 'picture', 'pre'],
  ...['progress', 'q', 'rp', 'rt', 'ruby', 's', 'samp', 'script', 'search', 'section', 'select'],
  ...['slot', 'small', 'source', 'span', 'strong', 'style', 'sub', 'summary', 'sup', 'svg'],
  ...['table', 'tbody', 'td', 'template', 'textarea', 'tfoot', 'th', 'thead', 'time', 'title'],
  ...['tr', 'track', 'u', 'ul', 'var', 'video', 'wbr'],
  ...['acronym', 'applet', 'basefont', 'bgsound', 'big', 'blink', 'center', 'font', 'frame'],
  ...['frameset', 'marquee', 'nobr', 'noembed', 'noframes', 'param', 'plaintext', 'strike', 'tt'],
  ...['xmp'],
]);

/** Elements within `svg` and `math`, which are elements nowhere else. */
const FOREIGN_ELEMENTS = new Set([
  ...['animate', 'animatemotion', 'animatetransform', 'circle', 'clippath', 'defs', 'desc'],
  ...['ellipse', 'filter', 'foreignobject', 'g', 'image', 'line', 'lineargradient', 'marker'],
  ...['mask', 'metadata', 'mpath', 'path', 'pattern', 'polygon', 'polyline', 'radialgradient'],
  ...['rect', 'set', 'stop', 'switch', 'symbol', 'text', 'textpath', 'tspan', 'use', 'view'],
  ...['feblend', 'fecolormatrix', 'fecomposite', 'feflood', 'fegaussianblur', 'feimage'],
  ...['femerge', 'femergenode', 'feoffset', 'feturbulence', 'fedropshadow', 'fedisplacementmap'],
  ...['annotation', 'annotation-xml', 'maction', 'menclose', 'merror', 'mfenced', 'mfrac', 'mi'],
  ...['mmultiscripts', 'mn', 'mo', 'mover', 'mpadded', 'mphantom', 'mprescripts', 'mroot'],
  ...['mrow', 'ms', 'mspace', 'msqrt', 'mstyle', 'msub', 'msubsup', 'msup', 'mtable', 'mtd'],
  ...['mtext', 'mtr', 'munder', 'munderover', 'none', 'semantics', 'mglyph', 'malignmark'],
]);

/** Attributes that mean something without a value. */
const BARE_ATTRIBUTES = new Set([
  ...['allowfullscreen', 'alt', 'async', 'autofocus', 'autoplay', 'checked', 'compact'],
  ...['contenteditable', 'controls', 'crossorigin', 'default', 'defer', 'disabled', 'download'],
  ...['formnovalidate', 'hidden', 'inert', 'ismap', 'itemscope', 'loop', 'multiple', 'muted'],
  ...['nomodule', 'noresize', 'noshade', 'novalidate', 'nowrap', 'open', 'playsinline', 'popover'],
  ...['readonly', 'required', 'reversed', 'seamless', 'selected'],
]);

const TAG = /^<\/?([a-z][a-z0-9-]*)/i;
const ATTRIBUTE = /([a-z_:][a-z0-9:._-]*)(\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?/gi;

/** A generic type, like the `T` of `List<T>`, or an element of one letter in capitals. */
const TYPE_PARAMETER = /^<[A-Z]>$/;

/** Whether a text contains an `svg` or `math` element, in which other names are elements. */
export function hasForeignContent(source: string): boolean {
  return /<(?:svg|math)[\s/>]/i.test(source);
}

/** Whether an element has this name. */
export function isElementName(name: string, hasForeign: boolean): boolean {
  const folded = name.toLowerCase();
  return ELEMENTS.has(folded) || (hasForeign && FOREIGN_ELEMENTS.has(folded));
}

/** Returns the name of the element that a tag begins or ends, as it is written, or null. */
export function nameOfTag(tag: string): string | null {
  return TAG.exec(tag)?.[1] ?? null;
}

/**
 * Whether a tag, as CommonMark defines it, is meant as HTML, and not as a placeholder (`<repo>`), a
 * type (`List<String>`) or a comparison (`a <b and c> d`).
 *
 * @param closed names, in lower case, of the elements that are closed in the same paragraph
 */
export function isElementTag(
  tag: string,
  hasForeign: boolean,
  closed: ReadonlySet<string>,
): boolean {
  const name = nameOfTag(tag);
  if (name === null || !isElementName(name, hasForeign)) return false;
  if (TYPE_PARAMETER.test(tag) && !closed.has(name.toLowerCase())) return false;
  if (hasForeign) return true;
  const attributes = tag.slice(tag.indexOf(name) + name.length).matchAll(ATTRIBUTE);
  return [...attributes].every(
    ([, attribute = '', value]) =>
      value !== undefined || /[-:]/.test(attribute) || BARE_ATTRIBUTES.has(attribute.toLowerCase()),
  );
}

/** Escapes the tags of raw HTML that are no elements, such as `<repo>`. */
export function escapeOtherTags(html: string, hasForeign: boolean): string {
  return html.replaceAll(/<(\/?)([a-z][^\s/<>]*)/gi, (tag, slash: string, name: string) =>
    isElementName(name, hasForeign) ? tag : `&lt;${slash}${name}`,
  );
}
