import {
  type MatterParser,
  parseJson,
  parseJsonMembers,
  parseOrg,
  parseToml,
  parseYaml,
} from './front-matter-languages.js';

/** The part of a file that may be front matter. */
export interface Block {
  /** Whether it has an opening line or sign. */
  kind: 'opened' | 'unopened';
  /** Number of the line in the file at which `text` starts. */
  line: number;
  text: string;
  /** Offset of the body in the file; null if the block has no end. */
  end: number | null;
  parse: MatterParser;
  /** Whether nothing but front matter can begin like this; otherwise its names decide. */
  isCertain: boolean;
}

interface Line {
  /** Offset in the file. */
  start: number;
  /** Offset of the next line. */
  next: number;
  text: string;
}

/** White space and byte order marks, which Hugo skips at the beginning. */
const BEGINNING = /^[\ufeff \t\r\n]*/;

/**
 * Finds the block at the beginning of a file that is front matter by its first line: between `---`
 * lines (YAML), `+++` lines (TOML), `;;;` lines (Hexo's JSON), as a JSON object (Hugo), as lines
 * that begin with `#+` (Hugo), or before the first `---` or `;;;` line (Hexo).
 *
 * @returns null if the file begins otherwise
 * @see https://gohugo.io/content-management/front-matter/
 *   https://github.com/hexojs/hexo-front-matter https://jekyllrb.com/docs/front-matter/
 */
export function findBlock(file: string): Block | null {
  const start = BEGINNING.exec(file)?.[0].length ?? 0;
  const line = countLines(file.slice(0, start));
  const fence = /^(?:-{3,}|\+{3}|;{3,})/.exec(file.slice(start, start + 200))?.[0];
  if (fence?.startsWith('-')) return fenced(file, { start, line, fence, parse: parseYaml });
  if (fence?.startsWith('+')) return fenced(file, { start, line, fence, parse: parseToml });
  if (fence !== undefined) return fenced(file, { start, line, fence, parse: parseJsonMembers });
  if (file.startsWith('{', start)) return jsonObject(file, start, line);
  if (file.startsWith('#+', start)) return orgKeywords(file, start, line);
  return unopened(file, start, line);
}

/** Yields the lines from an offset on. A carriage return alone ends a line, as in Hugo. */
export function* linesOf(file: string, from: number): Generator<Line> {
  const end = /\r\n?|\n/g;
  for (let start = from; start < file.length; ) {
    end.lastIndex = start;
    const found = end.exec(file);
    const stop = found?.index ?? file.length;
    const next = found === null ? file.length : end.lastIndex;
    yield { start, next, text: file.slice(start, stop) };
    start = next;
  }
}

interface Fence {
  start: number;
  line: number;
  fence: string;
  parse: MatterParser;
}

/** The rest of the opening line belongs to the block, as in Hugo: it may be a comment. */
function fenced(file: string, { start, line, fence, parse }: Fence): Block | null {
  const begin = start + fence.length;
  const block = { kind: 'opened', line, parse, isCertain: false } as const;
  for (const { start: at, next, text } of linesOf(file, begin)) {
    if (at === begin) {
      // Hexo's longer fences stand alone.
      if (fence.length > 3 && text.trim() !== '') return null;
      continue;
    }
    const isDocumentEnd = fence === '---' && /^\.\.\.[ \t]*$/.test(text);
    if (!text.startsWith(fence) && !isDocumentEnd) continue;
    const isAlone = isDocumentEnd || /^(?:-+|\++|;+)[ \t]*(?:#.*)?$/.test(text);
    const end = isAlone ? next : at + fence.length;
    return { ...block, text: unified(file.slice(begin, at)), end };
  }
  return { ...block, text: unified(firstParagraph(file, begin)), end: null };
}

function jsonObject(file: string, start: number, line: number): Block {
  const isCertain = /^\{\s{0,100}"/.test(file.slice(start, start + 200));
  const end = endOfObject(file, start);
  const text = end === null ? firstParagraph(file, start) : file.slice(start, end);
  const after = end === null ? null : (/^(?:\r\n?|\n)/.exec(file.slice(end, end + 2))?.[0] ?? '');
  const body = end === null || after === null ? null : end + after.length;
  return { kind: 'opened', line, text: unified(text), end: body, parse: parseJson, isCertain };
}

/** Returns the offset behind the object's last brace, or null. */
function endOfObject(file: string, start: number): number | null {
  let depth = 0;
  let isQuoted = false;
  for (let at = start; at < file.length; at += 1) {
    const character = file.charAt(at);
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === '{') depth += 1;
    else if (!isQuoted && character === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return null;
}

function orgKeywords(file: string, start: number, line: number): Block {
  let end = start;
  for (const { next, text } of linesOf(file, start)) {
    if (!text.startsWith('#+')) break;
    end = next;
  }
  const text = unified(file.slice(start, end));
  return { kind: 'opened', line, text, end, parse: parseOrg, isCertain: false };
}

/** Hexo's front matter without an opening line. Above `---`, Markdown has a heading. */
function unopened(file: string, start: number, line: number): Block | null {
  const [first] = linesOf(file, start);
  if (first === undefined) return null;
  const isJson = first.text.startsWith('"');
  const parse = isJson ? parseJsonMembers : parseYaml;
  const fence = isJson ? ';;;' : '---';
  const block = { kind: 'unopened', line, parse, isCertain: false } as const;
  for (const { start: at, next, text } of linesOf(file, start)) {
    if (!text.startsWith(fence)) continue;
    if (at === start) return null;
    return { ...block, text: unified(file.slice(start, at)), end: next };
  }
  return { ...block, text: unified(firstParagraph(file, start)), end: null };
}

/** Returns the text from an offset to the end of its first paragraph. */
function firstParagraph(file: string, from: number): string {
  let hasBegun = false;
  for (const { start, text } of linesOf(file, from)) {
    const isBlank = text.trim() === '';
    if (isBlank && hasBegun) return file.slice(from, start);
    hasBegun ||= !isBlank;
  }
  return file.slice(from);
}

/** Byte order marks may also stand within: files are joined by tools that do not know them. */
function unified(text: string): string {
  return text.replaceAll('\ufeff', '').replaceAll(/\r\n?/g, '\n');
}

function countLines(text: string): number {
  return (text.match(/\r\n?|\n/g)?.length ?? 0) + 1;
}
