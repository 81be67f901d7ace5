import { createRequire } from 'node:module';
import type sanitizeHtml from 'sanitize-html';
import { lazy } from '#src/lib/lazy.js';
import { isVisible } from '#src/lib/visible-text.js';
import { isFootnoteId } from './footnotes.js';
import { HtmlText } from './html-text.js';

const sanitizer = lazy((): typeof sanitizeHtml => createRequire(import.meta.url)('sanitize-html'));

/** Allowed elements. Other elements are removed, but their readable content stays. */
export const ALLOWED_TAGS: readonly string[] = [
  ...['p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre'],
  ...['strong', 'em', 'b', 'i', 'u', 's', 'del', 'ins', 'mark', 'sub', 'sup', 'kbd', 'abbr'],
  ...['a', 'code', 'span', 'img', 'details', 'summary', 'section'],
  ...['ul', 'ol', 'li', 'input'],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
];

const CELL = [{ name: 'align', values: ['left', 'center', 'right'] }];

/** Allowed attributes by element; classes are further limited by {@link ALLOWED_CLASSES}. */
export const ALLOWED_ATTRIBUTES: Record<string, sanitizeHtml.AllowedAttribute[]> = {
  a: ['href', 'title', 'rel', 'id'],
  abbr: ['title'],
  details: ['open'],
  li: ['id'],
  img: ['src', 'alt', 'width', 'height'],
  ol: ['start'],
  input: ['type', 'checked', 'disabled'],
  th: CELL,
  td: CELL,
};

/**
 * Allowed classes, those of footnotes and of highlighted code. The second part of a scope has no prefix, but a
 * trailing underscore.
 *
 * @see https://highlightjs.readthedocs.io/en/latest/css-classes-reference.html
 */
export const ALLOWED_CLASSES: Record<string, RegExp[]> = {
  section: [/^footnotes$/],
  code: [/^language-[\w+#.-]{1,40}$/],
  span: [
    /^hljs-[a-z_-]{1,40}$/,
    /^(?:class_|function_|inherited__|invoke__|constant_|language_|escape_|prompt_)$/,
  ],
};

/** Allowed schemes of links; relative links are allowed too. */
export const LINK_SCHEMES: readonly string[] = ['http', 'https', 'mailto'];

/** Allowed schemes of images; relative URLs are allowed too. */
export const IMAGE_SCHEMES: readonly string[] = ['http', 'https'];

/**
 * Set on every link, because anyone may write one: it gives no endorsement to search engines, no
 * access to the opener window, and no referrer, which could reveal a draft's URL.
 */
export const LINK_REL = 'nofollow noopener noreferrer';

/** Maximum length of a URL in characters, which is also the limit of most web servers. */
const MAX_URL_LENGTH = 8192;

/** Maximum nesting of elements: deeper tags are removed, their content stays. */
export const MAX_DEPTH = 128;

/** Elements whose content is dropped: browsers do not show it, or do not parse it as text. */
const NO_TEXT = [
  ...['script', 'style', 'textarea', 'option', 'xmp', 'title'],
  ...['iframe', 'noembed', 'noframes', 'noscript'],
];

/** Control characters, which HTML forbids, and which take six bytes each in JSON. */
const FORBIDDEN = /[^\P{Cc}\t\n]/gu;

/** The result of {@link checkbox} for an input of another type. */
const OTHER_INPUT = '<input />';

const OPTIONS: sanitizeHtml.IOptions = {
  allowedTags: [...ALLOWED_TAGS],
  allowedAttributes: ALLOWED_ATTRIBUTES,
  allowedClasses: ALLOWED_CLASSES,
  allowedSchemes: [],
  allowedSchemesByTag: { a: [...LINK_SCHEMES], img: [...IMAGE_SCHEMES] },
  // Protocol-relative URLs are easily mistaken for relative ones.
  allowProtocolRelative: false,
  nestingLimit: MAX_DEPTH,
  nonTextTags: NO_TEXT,
};

const TRANSFORMS = { img: image, input: checkbox, details, th: cell, td: cell };

/**
 * Reduces any HTML to the allow-list, and extracts its text. The HTML is well-formed, nests at most
 * {@link MAX_DEPTH} levels deep and contains neither scripts nor control characters. Never throws.
 *
 * @param footnotes what the ids of footnotes begin with, which are the only ids that stay; their
 *   numbers are not part of the text
 */
export function cleanHtml(markup: string, footnotes?: string): { html: string; text: string } {
  const isFootnote = (id: string | undefined) =>
    id !== undefined && footnotes !== undefined && isFootnoteId(id, footnotes);
  const leadsToFootnote = ({ href }: sanitizeHtml.Attributes) =>
    href?.startsWith('#') === true && isFootnote(href.slice(1));
  const withoutOtherIds = (tagName: string, { id, ...attribs }: sanitizeHtml.Attributes) => ({
    tagName,
    attribs: id !== undefined && isFootnote(id) ? { ...attribs, id } : attribs,
  });
  const text = new HtmlText((name, attributes) => name === 'a' && leadsToFootnote(attributes));
  const html = sanitizer()(markup, {
    ...OPTIONS,
    transformTags: {
      ...TRANSFORMS,
      // Links to footnotes stay on the page, so they need no `rel`.
      a: (name, attribs) =>
        leadsToFootnote(attribs) ? withoutOtherIds(name, attribs) : link(name, attribs),
      li: withoutOtherIds,
    },
    onOpenTag: (name, attributes) => text.open(name, attributes),
    onCloseTag: (name) => text.close(name),
    textFilter: (escaped) => {
      text.add(escaped);
      return escaped;
    },
  });
  // In text, `<` is escaped, so this only matches elements.
  const allowed = html.replaceAll(OTHER_INPUT, '').replaceAll(FORBIDDEN, '');
  return { html: allowed, text: text.toString() };
}

/** Whether a reader sees anything of sanitized HTML: a visible character, an image or a line. */
export function showsSomething(html: string): boolean {
  const text = html.replaceAll(/<(?!img |hr |input )[^<>]*>/g, '');
  return isVisible(text);
}

/**
 * Whether a URL may be cleaned. The sanitizer removes comments one by one, which takes quadratic
 * time, and no URL of a browser contains one.
 */
function isCleanable(url: string): boolean {
  return url.length <= MAX_URL_LENGTH && !url.includes('<!--');
}

function link(tagName: string, { href, title }: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  if (href === undefined || !isCleanable(href)) return { tagName, attribs: {} };
  const rest = title === undefined ? {} : { title };
  return { tagName, attribs: { href, ...rest, rel: LINK_REL } };
}

function image(tagName: string, attribs: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  const { src, ...rest } = attribs;
  return { tagName, attribs: src !== undefined && !isCleanable(src) ? rest : attribs };
}

/** A task's checkbox, always disabled; other inputs lose all attributes. */
function checkbox(tagName: string, { type, checked }: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  if (type !== 'checkbox') return { tagName, attribs: {} };
  const state: sanitizeHtml.Attributes = checked === undefined ? {} : { checked: '' };
  return { tagName, attribs: { type, ...state, disabled: '' } };
}

function details(tagName: string, { open }: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  return { tagName, attribs: open === undefined ? {} : { open: '' } };
}

/** markdown-it aligns columns with inline styles, which are not allowed. */
function cell(tagName: string, attribs: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  const align = /^text-align:(left|center|right)$/.exec(attribs['style'] ?? '')?.[1];
  return { tagName, attribs: align === undefined ? attribs : { align } };
}
