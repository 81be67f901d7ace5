import { createHash } from 'node:crypto';
import type { MarkdownIt, StateBlock, StateCore, StateInline, Token } from 'markdown-it';

/** A note, defined by `[^label]: text` and referred to by `[^label]`. */
interface Footnote {
  /** The blocks of its text. */
  tokens: Token[];
  /** Its place among the notes that are referred to, from 1 on; 0 without a reference. */
  number: number;
  references: number;
}

/** What one text has of footnotes while it is rendered. */
interface FootnoteEnv {
  footnotes?: Map<string, Footnote>;
  /** Whether the text of a note is parsed, in which no others are defined. */
  isInFootnote?: boolean;
  /** See {@link footnotePrefix}. */
  footnotePrefix?: string;
}

/** A label has at most 100 characters, so that many brackets are not searched for its end. */
const DEFINITION = /^\[\^([^\s[\]]{1,100})\]:[ \t]*/;
const REFERENCE = /\[\^([^\s[\]]{1,100})\]/y;

/** Columns by which the further lines of a note are indented. */
const INDENT = 4;

/** An arrow, in the form that is not shown as an emoji. */
const BACK = '\u21a9\ufe0e';

/**
 * Returns what the ids of a rendered text's footnotes begin with, after `fn-` or `fnref-`; undefined
 * if it has none. It is different for different texts, so that several of them can be on one page.
 */
export function footnotePrefix(env: object): string | undefined {
  return (env as FootnoteEnv).footnotePrefix;
}

/** The id of an element of a footnote; the prefix is that of the text. */
export function isFootnoteId(id: string, prefix: string): boolean {
  return id.startsWith(`fn-${prefix}-`) || id.startsWith(`fnref-${prefix}-`);
}

/**
 * Adds footnotes as GitHub has them. Notes are numbered in the order of their references and follow
 * the text; those without a reference are left out. Takes linear time: notes are defined at the top
 * level only, and do not contain definitions. The rule that bounds or replaces raw HTML must run
 * before, as references become raw HTML.
 *
 * @see https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#footnotes
 */
export function footnotes(markdown: MarkdownIt, after: string): void {
  const alt = ['paragraph', 'reference'];
  markdown.block.ruler.before('reference', 'footnote', definition, { alt });
  markdown.inline.ruler.before('link', 'footnote', reference);
  markdown.core.ruler.after(after, 'footnotes', appendNotes);
}

function definition(state: StateBlock, startLine: number, endLine: number, silent: boolean) {
  const env: FootnoteEnv = state.env;
  const start = (state.bMarks[startLine] ?? 0) + (state.tShift[startLine] ?? 0);
  if (!state.src.startsWith('[^', start) || state.level > 0 || env.isInFootnote === true) {
    return false;
  }
  const firstLine = state.src.slice(start, state.eMarks[startLine]);
  const found = DEFINITION.exec(firstLine);
  const label = found?.[1];
  if (found === null || label === undefined) return false;
  if (silent) return true;

  const line = endOfNote(state, startLine + 1, endLine);
  const further = state.getLines(startLine + 1, line, INDENT, false);
  const tokens: Token[] = [];
  env.isInFootnote = true;
  state.md.block.parse(`${firstLine.slice(found[0].length)}\n${further}`, state.md, env, tokens);
  env.isInFootnote = false;
  // Within the section, the list and its item.
  for (const token of tokens) token.level += 3;
  state.line = line;

  env.footnotes ??= new Map();
  const key = state.md.utils.normalizeReference(label);
  if (env.footnotes.has(key)) return true;
  env.footnotes.set(key, { tokens, number: 0, references: 0 });
  // Further rules look for blocks in this list only.
  state.tokens.push(mark(state, OPEN));
  for (const token of tokens) state.tokens.push(token);
  state.tokens.push(mark(state, CLOSE));
  return true;
}

/** Returns the line after the note: it has all indented lines, and those that go on a paragraph. */
function endOfNote(state: StateBlock, startLine: number, endLine: number): number {
  const terminators = state.md.block.ruler.getRules('paragraph');
  const { parentType } = state;
  state.parentType = 'paragraph';
  let end = startLine;
  for (let line = startLine; line < endLine; line += 1) {
    if (state.isEmpty(line)) continue;
    const isContinued =
      (state.sCount[line] ?? 0) >= INDENT ||
      (line === end && !terminators.some((rule) => rule(state, line, endLine, true)));
    if (!isContinued) break;
    end = line + 1;
  }
  state.parentType = parentType;
  return end;
}

function reference(state: StateInline, silent: boolean): boolean {
  const known = (state.env as FootnoteEnv).footnotes;
  // A link contains no others.
  const isInLink = 'linkLevel' in state && Number(state.linkLevel) > 0;
  if (known === undefined || isInLink) return false;
  REFERENCE.lastIndex = state.pos;
  const [text = '', label = ''] = REFERENCE.exec(state.src) ?? [];
  const end = state.pos + text.length;
  const key = state.md.utils.normalizeReference(label);
  if (text === '' || end > state.posMax || !known.has(key)) return false;
  if (!silent) state.push(REFERENCE_TYPE, '', 0).meta = { key };
  state.pos = end;
  return true;
}

function appendNotes(state: StateCore): void {
  const env: FootnoteEnv = state.env;
  const known = env.footnotes;
  if (known === undefined) return;
  let isInNote = false;
  const tokens = state.tokens.filter(({ type }) => {
    if (type === OPEN || type === CLOSE) isInNote = type === OPEN;
    return !isInNote && type !== CLOSE;
  });
  const prefix = createHash('sha256').update(state.src).digest('hex').slice(0, 8);
  env.footnotePrefix = prefix;
  const referred: Footnote[] = [];
  numberReferences(tokens, known, referred, prefix);
  // Notes may refer to others, which are numbered after them.
  for (const note of referred) numberReferences(note.tokens, known, referred, prefix);
  state.tokens = tokens;
  if (referred.length === 0) return;
  tokens.push(html(state, '<section class="footnotes">\n<ol>\n'));
  for (const note of referred) {
    tokens.push(html(state, `<li id="fn-${prefix}-${note.number}">\n`));
    for (const token of note.tokens) tokens.push(token);
    // The links back stand at the end of the last paragraph.
    const paragraph =
      note.tokens.at(-1)?.type === 'paragraph_close' ? note.tokens.at(-2)?.children : undefined;
    const links = linksBack(note, prefix);
    if (paragraph) paragraph.push(inlineHtml(state, ` ${links}`));
    else tokens.push(html(state, `<p>${links}</p>\n`));
    tokens.push(html(state, '</li>\n'));
  }
  tokens.push(html(state, '</ol>\n</section>\n'));
}

/** Makes the references of these blocks links, and adds notes that are referred to first. */
function numberReferences(
  tokens: Token[],
  known: Map<string, Footnote>,
  referred: Footnote[],
  prefix: string,
): void {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    const note = token.type === REFERENCE_TYPE ? known.get(token.meta.key) : undefined;
    if (note === undefined) continue;
    if (note.number === 0) note.number = referred.push(note);
    note.references += 1;
    const { number } = note;
    token.type = 'html_inline';
    token.content =
      `<sup><a href="#fn-${prefix}-${number}" id="${referenceId(note, prefix, note.references)}">` +
      `${number}</a></sup>`;
  }
}

function linksBack(note: Footnote, prefix: string): string {
  const links = Array.from({ length: note.references }, (_, index) => {
    const which = index === 0 ? '' : `<sup>${index + 1}</sup>`;
    return `<a href="#${referenceId(note, prefix, index + 1)}">${BACK}${which}</a>`;
  });
  return links.join(' ');
}

function referenceId({ number }: Footnote, prefix: string, which: number): string {
  return `fnref-${prefix}-${number}${which === 1 ? '' : `-${which}`}`;
}

const OPEN = 'footnote_open';
const CLOSE = 'footnote_close';
const REFERENCE_TYPE = 'footnote_reference';

function mark(state: StateBlock, type: string): Token {
  return new state.Token(type, '', 0);
}

function html(state: StateCore, content: string): Token {
  const token = new state.Token('html_block', '', 0);
  token.content = content;
  return token;
}

function inlineHtml(state: StateCore, content: string): Token {
  const token = new state.Token('html_inline', '', 0);
  token.content = content;
  return token;
}
