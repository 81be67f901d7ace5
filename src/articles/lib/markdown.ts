import MarkdownIt from 'markdown-it';
import { highlighter } from './highlighter.js';
import { proportionateTable } from './proportionate-table.js';
import { excerptOf, readingMinutesOf } from './reading.js';
import { cleanHtml } from './sanitize-html.js';

/** What is made of a text in Markdown. */
export interface RenderedMarkdown {
  /** Sanitised: safe to be put into a page. */
  html: string;
  /** What can be read, without markup: a line for each block. */
  text: string;
  /** How it begins: at most 200 characters of plain text, cut at a word. */
  excerpt: string;
  /** How long reading takes: at least 1. */
  readingMinutes: number;
}

/**
 * Characters of a block of code that is coloured: some 60 lines. For some languages the time grows
 * with the square, so that a longer block would hold up everything else.
 */
export const MAX_COLOURED_BLOCK = 2000;

/** Characters of all blocks of code of one text that are coloured: the worst take a tenth of a second. */
export const MAX_COLOURED = 7000;

/**
 * How many characters of HTML the colours may make of one of code, beside {@link SMALL_COLOURING}:
 * some patterns nest without end.
 */
const MAX_COLOURING = 12;

/** Characters of HTML that colours may make of any code: a few brackets have a mark each. */
const SMALL_COLOURING = 500;

/**
 * Characters that references to link definitions may add, for each of the text and beside them: a
 * long address that is referred to often would make megabytes of some kilobytes.
 *
 * @see https://github.com/github/cmark-gfm/commit/9d57d8a23142b316282bdfc954cb0ecda40a8655
 */
const MAX_REFERRED = { forEach: 4, beside: 2000 };

/**
 * Tags and the like written as HTML in one text; the rest is shown as it is written. The parser looks
 * through all elements that are open at each, so its time grows with the square.
 */
export const MAX_RAW_TAGS = 10_000;

/** Characters of HTML that a text may become, for each of its own and beside them. */
const MAX_HTML = { forEach: 16, beside: 8192 };

/** The longest HTML that {@link renderMarkdown} gives for a source of so many characters. */
export function maxHtmlLength(characters: number): number {
  return characters * MAX_HTML.forEach + MAX_HTML.beside;
}

// The preset leaves out what is nested more than 100 deep in blocks, as nothing for people is.
const markdown = new MarkdownIt('default', {
  // What is written in HTML is left to the sanitiser.
  html: true,
  // CommonMark has no bare links, and looking for them takes a time that grows with the square.
  linkify: false,
  highlight: colour,
});

markdown.block.ruler.at('table', proportionateTable, { alt: ['paragraph', 'reference'] });

markdown.core.ruler.after('block', 'bound_references', ({ env, src }) => {
  const { forEach, beside } = MAX_REFERRED;
  env.references = bounded(env.references ?? {}, src.length * forEach + beside);
});

markdown.core.ruler.after('block', 'bound_colours', ({ tokens }) => {
  let left = MAX_COLOURED;
  for (const token of tokens) {
    if (token.type !== 'fence') continue;
    if (token.content.length <= Math.min(left, MAX_COLOURED_BLOCK)) left -= token.content.length;
    else token.info = '';
  }
});

markdown.core.ruler.after('inline', 'bound_html', ({ tokens }) => {
  let left = MAX_RAW_TAGS;
  for (const token of tokens.flatMap((block) => block.children ?? block)) {
    if (token.type !== 'html_inline' && token.type !== 'html_block') continue;
    left -= token.content.split('<').length - 1;
    if (left < 0) token.type = 'text';
  }
});

// The plugins for task lists look for the list of each task from its end: the square again.
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

/**
 * Renders CommonMark with tables, strikethrough, task lists and coloured code to HTML that holds
 * nothing but {@link ALLOWED_TAGS}, and of which there is no more than 16 characters for each of the
 * source and 8,192 beside: what would become longer is shown as it is written. Never throws. The time
 * is bounded for what nests or is coloured, and else in proportion to the source; the worst known
 * 200,000 characters take some seconds.
 */
export function renderMarkdown(source: string): RenderedMarkdown {
  const { html, text } = markupOf(source);
  return { html, text, excerpt: excerptOf(text), readingMinutes: readingMinutesOf(text) };
}

function markupOf(source: string) {
  const longest = maxHtmlLength(source.length);
  const markup = cleanHtml(markdown.render(source));
  if (markup.html.length <= longest) return markup;
  const plain = markdown.utils.escapeHtml(source.replaceAll('\0', '\uFFFD'));
  return cleanHtml(`<pre>${plain}</pre>`);
}

/** The text of the first heading of the first level that stands by itself; null if there is none. */
export function firstHeading(source: string): string | null {
  const tokens = markdown.parse(source, {});
  const index = tokens.findIndex(
    ({ type, tag, level }) => type === 'heading_open' && tag === 'h1' && level === 0,
  );
  const inline = tokens[index + 1];
  if (index < 0 || inline === undefined) return null;
  return cleanHtml(markdown.renderer.render([inline], markdown.options, {})).text || null;
}

/** Code as HTML with colours; empty, so that it stays plain, if the language is none of the common. */
function colour(code: string, language: string): string {
  if (language === '' || highlighter.getLanguage(language) === undefined) return '';
  const { value } = highlighter.highlight(code, { language, ignoreIllegals: true });
  return value.length > code.length * MAX_COLOURING + SMALL_COLOURING ? '' : value;
}

interface Reference {
  href: string;
  title: string;
}

/** Link definitions that can be referred to until they have added so many characters. */
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
