import MarkdownIt from 'markdown-it';
import cjkFriendly from 'markdown-it-cjk-friendly';
import { MAX_HTML_RATIO, SMALL_HTML } from '#schemas/rendered-html.js';
import { indexedWords } from '#src/search/search-words.js';
import { footnotePrefix, footnotes } from './footnotes.js';
import { highlighter } from './highlighter.js';
import { escapeOtherTags, hasForeignContent, isElementTag, nameOfTag } from './html-elements.js';
import { autolinkOfScheme, blockOfElement } from './html-rules.js';
import { proportionateTable } from './proportionate-table.js';
import { excerptOf, readingMinutesOf } from './reading.js';
import { cleanHtml } from './sanitize-html.js';

/**
 * Number of the rules by which texts are rendered and indexed. A change of the rules raises it: a
 * job then re-renders everything that is stored.
 */
export const RENDERER_VERSION = 2;

/** The result of rendering Markdown. */
export interface RenderedMarkdown {
  /** Sanitized HTML, safe to insert into a page. */
  html: string;
  /** The readable text without HTML, one line per block. */
  text: string;
  /** The start of the text: at most 200 characters, cut at a word boundary. */
  excerpt: string;
  /** Reading time in minutes, at least 1. */
  readingMinutes: number;
  /** The words of the text, as `to_tsvector` takes them. */
  words: string;
}

/**
 * Maximum length in characters of a highlighted code block, about 60 lines. The time of some
 * languages is quadratic, so a longer block would delay other requests.
 */
export const MAX_COLOURED_BLOCK = 2000;

/**
 * Maximum length in characters of all highlighted code in one text. The worst known code takes a
 * tenth of a second.
 */
export const MAX_COLOURED = 7000;

/**
 * Maximum characters of HTML per character of highlighted code, plus {@link SMALL_COLOURING}: some
 * patterns nest without limit.
 */
const MAX_COLOURING = 12;

/**
 * Characters of HTML allowed for any highlighted code: in short code, each bracket gets its own
 * element.
 */
const SMALL_COLOURING = 500;

/** The language of a code block; after it, some programs have settings, as in `js{1,3}`. */
const LANGUAGE = /^[\w+#.-]{1,40}(?=[\s{:,[]|$)/;

/** Marks a code block that is not highlighted. */
const PLAIN = { isPlain: true };

/**
 * Characters that references to link definitions may add, per character of the text (`forEach`)
 * plus a constant (`beside`). Without a limit, many references to one long URL would turn kilobytes
 * into megabytes.
 *
 * @see https://github.com/github/cmark-gfm/commit/9d57d8a23142b316282bdfc954cb0ecda40a8655
 */
const MAX_REFERRED = { forEach: 4, beside: 2000 };

/**
 * Maximum number of raw HTML tags in one text; further ones are shown as text. The parser searches
 * all open elements at each tag, so its time is quadratic.
 */
export const MAX_RAW_TAGS = 10_000;

/**
 * How much longer HTML may be before it is sanitized: alignments become shorter, and elements that
 * are not allowed disappear.
 */
const UNSANITIZED = 2;

/** Maximum number of headings that are tried as a title. */
const MAX_CANDIDATES = 100;

/**
 * Returns the maximum size in bytes of the HTML of this source.
 *
 * @param most maximum for a source of any length
 */
export function maxHtmlBytes(source: string, most: number): number {
  return Math.max(SMALL_HTML, Math.min(Buffer.byteLength(source) * MAX_HTML_RATIO, most));
}

// The preset ignores blocks nested more than 100 levels deep.
const markdown = new MarkdownIt('default', {
  // The sanitizer handles raw HTML.
  html: true,
  // Bare links are not part of CommonMark, and detecting them takes quadratic time.
  linkify: false,
  highlight: colour,
});

markdown.use(cjkFriendly);

markdown.block.ruler.at('table', proportionateTable, { alt: ['paragraph', 'reference'] });
markdown.block.ruler.at('html_block', blockOfElement, {
  alt: ['paragraph', 'reference', 'blockquote'],
});
markdown.inline.ruler.at('autolink', autolinkOfScheme);

markdown.core.ruler.after('block', 'bound_references', ({ env, src }) => {
  const { forEach, beside } = MAX_REFERRED;
  env.references = bounded(env.references ?? {}, src.length * forEach + beside);
});

markdown.core.ruler.after('block', 'bound_colours', ({ tokens }) => {
  let left = MAX_COLOURED;
  for (const token of tokens) {
    if (token.type !== 'fence') continue;
    token.info = LANGUAGE.exec(token.info.trim())?.[0] ?? '';
    if (token.content.length <= Math.min(left, MAX_COLOURED_BLOCK)) left -= token.content.length;
    else token.meta = PLAIN;
  }
});

const renderFence = markdown.renderer.rules.fence;
markdown.renderer.rules.fence = (tokens, index, options, env, self) => {
  const isPlain = tokens[index]?.meta === PLAIN;
  const settings = isPlain ? { ...options, highlight: null } : options;
  return renderFence?.(tokens, index, settings, env, self) ?? '';
};

markdown.core.ruler.before('block', 'foreign_content', ({ env, src }) => {
  env.hasForeign = hasForeignContent(src);
});

markdown.core.ruler.after('inline', 'other_tags', ({ tokens, env: { hasForeign } }) => {
  for (const token of tokens) {
    if (token.type === 'html_block') token.content = escapeOtherTags(token.content, hasForeign);
    const tags = token.children?.filter(({ type }) => type === 'html_inline') ?? [];
    const closed = new Set(
      tags
        .filter(({ content }) => content.startsWith('</'))
        .map(({ content }) => nameOfTag(content)?.toLowerCase() ?? ''),
    );
    for (const tag of tags) {
      const isHtml =
        tag.content.startsWith('<!--') || isElementTag(tag.content, hasForeign, closed);
      if (!isHtml) tag.type = 'text';
    }
  }
});

markdown.core.ruler.after('other_tags', 'bound_html', ({ tokens }) => {
  let left = MAX_RAW_TAGS;
  for (const token of tokens.flatMap((block) => block.children ?? block)) {
    if (token.type !== 'html_inline' && token.type !== 'html_block') continue;
    left -= token.content.split('<').length - 1;
    if (left < 0) token.type = 'text';
  }
});

// The task list plugins search for each task's list from the end, which takes quadratic time.
markdown.core.ruler.after('bound_html', 'tasks', ({ tokens, Token }) => {
  for (const [index, { type, children }] of tokens.entries()) {
    const first = children?.[0];
    if (type !== 'inline' || tokens[index - 2]?.type !== 'list_item_open') continue;
    const mark = /^\[([ xX])\](?=\s)/.exec(first?.content ?? '');
    if (first?.type !== 'text' || mark === null) continue;
    first.content = first.content.slice(mark[0].length);
    const checkbox = new Token('html_inline', '', 0);
    checkbox.content = `<input type="checkbox"${mark[1] === ' ' ? '' : ' checked'} disabled>`;
    children?.unshift(checkbox);
  }
});

markdown.use(footnotes, 'tasks');

/**
 * Renders CommonMark with tables, strikethrough, task lists, footnotes and highlighted code, and
 * with emphasis beside Chinese punctuation. Raw tags that are no elements are text. The HTML contains
 * only {@link ALLOWED_TAGS}. Never throws. The time is bounded for nesting and highlighting and
 * otherwise linear; the worst known 200,000 characters take some seconds.
 *
 * @param maxBytes maximum size of the HTML in UTF-8; default: not limited
 * @returns null if the HTML would be larger
 */
export function renderMarkdown(source: string): RenderedMarkdown;
export function renderMarkdown(source: string, maxBytes: number): RenderedMarkdown | null;
export function renderMarkdown(source: string, maxBytes = Infinity): RenderedMarkdown | null {
  const env = {};
  const markup = markdown.render(source, env);
  // Sanitizing takes as long as everything else together.
  if (Buffer.byteLength(markup) > maxBytes * UNSANITIZED) return null;
  const { html, text } = cleanHtml(markup, footnotePrefix(env));
  if (Buffer.byteLength(html) > maxBytes) return null;
  return {
    html,
    text,
    excerpt: excerptOf(text),
    readingMinutes: readingMinutesOf(text),
    words: indexedWords(text),
  };
}

/**
 * Returns the text of the first accepted top-level `h1` that is not nested in another block, or
 * null. If there are only others, takes the first accepted heading of any level.
 */
export function firstHeading(source: string, isAccepted: (text: string) => boolean): string | null {
  const env = {};
  const tokens = markdown.parse(source, env);
  const headings = tokens.flatMap(({ type, tag, level }, index) => {
    const inline = tokens[index + 1];
    return type === 'heading_open' && level === 0 && inline !== undefined ? { tag, inline } : [];
  });
  const titles = headings.filter(({ tag }) => tag === 'h1');
  const candidates = titles.length === 0 ? [] : [...titles, ...headings].slice(0, MAX_CANDIDATES);
  for (const { inline } of candidates) {
    const { text } = cleanHtml(
      markdown.renderer.render([inline], markdown.options, env),
      footnotePrefix(env),
    );
    if (isAccepted(text)) return text;
  }
  return null;
}

/**
 * Returns highlighted code as HTML; empty, which leaves it plain, if the language is unknown or the
 * HTML would be too long.
 */
function colour(code: string, language: string): string {
  if (language === '' || highlighter().getLanguage(language) === undefined) return '';
  const { value } = highlighter().highlight(code, { language, ignoreIllegals: true });
  return value.length > code.length * MAX_COLOURING + SMALL_COLOURING ? '' : value;
}

interface Reference {
  href: string;
  title: string;
}

/** Returns link definitions that stop resolving once they have added `characters` characters. */
function bounded(references: Record<string, Reference>, characters: number) {
  let left = characters;
  return new Proxy(references, {
    get(target, label: string) {
      const reference = target[label];
      if (reference === undefined) return undefined;
      left -= reference.href.length + reference.title.length;
      return left < 0 ? undefined : reference;
    },
  });
}
