import sanitizeHtml from 'sanitize-html';
import { HtmlText } from './html-text.js';

/** The elements that a text may have. Of others the content stays, if it can be read. */
export const ALLOWED_TAGS: readonly string[] = [
  ...['p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre'],
  ...['strong', 'em', 'u', 's', 'del', 'a', 'code', 'span', 'img'],
  ...['ul', 'ol', 'li', 'input'],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
];

const CELL = [{ name: 'align', values: ['left', 'center', 'right'] }];

/** The attributes that an element may have; classes are bounded by {@link ALLOWED_CLASSES} too. */
export const ALLOWED_ATTRIBUTES: Record<string, sanitizeHtml.AllowedAttribute[]> = {
  a: ['href', 'title', 'rel'],
  img: ['src', 'alt', 'width', 'height'],
  ol: ['start'],
  input: ['type', 'checked', 'disabled'],
  th: CELL,
  td: CELL,
};

/**
 * The classes of coloured code. A second part of a scope has no prefix but an underscore behind it.
 *
 * @see https://highlightjs.readthedocs.io/en/latest/css-classes-reference.html
 */
export const ALLOWED_CLASSES: Record<string, RegExp[]> = {
  code: [/^language-[\w+#.-]{1,40}$/],
  span: [
    /^hljs-[a-z_-]{1,40}$/,
    /^(?:class_|function_|inherited__|invoke__|constant_|language_|escape_|prompt_)$/,
  ],
};

/** Where links may lead, beside to places of the same site. */
export const LINK_SCHEMES: readonly string[] = ['http', 'https', 'mailto'];

/** Where images may come from, beside from the same site. */
export const IMAGE_SCHEMES: readonly string[] = ['http', 'https'];

/**
 * For every link, as anyone may write one: it says nothing for what it leads to, and who follows it
 * neither hands over the window nor tells the address of a draft.
 */
export const LINK_REL = 'nofollow noopener noreferrer';

/** Characters of an address. Cleaning it takes a time that grows with the square. */
const MAX_URL_LENGTH = 8192;

/** Elements within elements: beyond this the tags go and what is in them stays. */
export const MAX_DEPTH = 128;

/** What is in these is no text: browsers show none of it, or take it for something else. */
const NO_TEXT = [
  ...['script', 'style', 'textarea', 'option', 'xmp', 'title'],
  ...['iframe', 'noembed', 'noframes', 'noscript'],
];

/** What {@link checkbox} leaves of an input of another type. */
const OTHER_INPUT = '<input />';

const OPTIONS: sanitizeHtml.IOptions = {
  allowedTags: [...ALLOWED_TAGS],
  allowedAttributes: ALLOWED_ATTRIBUTES,
  allowedClasses: ALLOWED_CLASSES,
  allowedSchemes: [],
  allowedSchemesByTag: { a: [...LINK_SCHEMES], img: [...IMAGE_SCHEMES] },
  // Taken for relative by whoever reads it quickly.
  allowProtocolRelative: false,
  nestingLimit: MAX_DEPTH,
  nonTextTags: NO_TEXT,
  transformTags: { a: link, img: image, input: checkbox, th: cell, td: cell },
};

/**
 * HTML of any kind, cut down to what is allowed, and its text. The HTML is well-formed, nests at most
 * {@link MAX_DEPTH} deep and runs nothing. Never throws.
 */
export function cleanHtml(markup: string): { html: string; text: string } {
  const text = new HtmlText();
  const html = sanitizeHtml(markup, {
    ...OPTIONS,
    onOpenTag: (name, attributes) => text.open(name, attributes),
    onCloseTag: (name) => text.close(name),
    textFilter: (escaped) => {
      text.add(escaped);
      return escaped;
    },
  });
  // A `<` of the text is escaped, so this is an element wherever it stands.
  return { html: html.replaceAll(OTHER_INPUT, ''), text: text.toString() };
}

function link(tagName: string, { href, title }: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  if (href === undefined || href.length > MAX_URL_LENGTH) return { tagName, attribs: {} };
  const rest = title === undefined ? {} : { title };
  return { tagName, attribs: { href, ...rest, rel: LINK_REL } };
}

function image(tagName: string, attribs: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  const { src, ...rest } = attribs;
  return { tagName, attribs: (src?.length ?? 0) > MAX_URL_LENGTH ? rest : attribs };
}

/** Of a task, and nothing that can be filled in. */
function checkbox(tagName: string, { type, checked }: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  if (type !== 'checkbox') return { tagName, attribs: {} };
  const state: sanitizeHtml.Attributes = checked === undefined ? {} : { checked: '' };
  return { tagName, attribs: { type, ...state, disabled: '' } };
}

/** The alignment of a column comes as a style, which is not allowed. */
function cell(tagName: string, attribs: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  const align = /^text-align:(left|center|right)$/.exec(attribs['style'] ?? '')?.[1];
  return { tagName, attribs: align === undefined ? attribs : { align } };
}
