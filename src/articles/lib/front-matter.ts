import { parse as parseToml, TomlDate } from 'smol-toml';
import { isMap, LineCounter, parseDocument, stringify } from 'yaml';

/** Characters of front matter: it is a few lines, and whatever is longer is none. */
const MAX_LENGTH = 16_384;

/** Lists and maps in brackets; a stack that ends within a parser leaves more behind than an error. */
const MAX_BRACKETS = 500;

/** How often YAML may refer to values that it has named. */
const MAX_ALIASES = 20;

/** Front matter that cannot be read. */
export class FrontMatterError extends Error {
  /** The line of the file, from 1 on. */
  readonly line: number;

  constructor(reason: string, line: number) {
    super(reason);
    this.name = 'FrontMatterError';
    this.line = line;
  }
}

/** A file, taken apart. */
export interface MatterFile {
  /** The values by their names in lower case; empty if there is no front matter. */
  values: ReadonlyMap<string, unknown>;
  /** All that follows the line which ends the front matter, to the letter. */
  body: string;
}

interface Block {
  /** Of which line of the file the text is the first. */
  line: number;
  text: string;
  body: string;
  parse: (text: string, line: number) => Map<string, unknown>;
}

/**
 * Takes a file of Hexo, Hugo or Jekyll apart: YAML between two lines of `---`, or before the only
 * one as Hexo allows, or TOML between two lines of `+++`. What only looks like it, such as two rules
 * with text between, is text.
 *
 * @throws FrontMatterError and nothing else, whatever is in the file
 * @see https://jekyllrb.com/docs/front-matter/ https://gohugo.io/content-management/front-matter/
 *   https://hexo.io/docs/front-matter
 */
export function parseFrontMatter(file: string): MatterFile {
  const block = blockOf(file);
  if (block === null) return { values: new Map(), body: file };
  const { text, line, body } = block;
  if (text.length > MAX_LENGTH) {
    throw new FrontMatterError(`The front matter is longer than ${MAX_LENGTH} characters`, line);
  }
  if ((text.match(/[[{]/g)?.length ?? 0) > MAX_BRACKETS || /(?:[-?:][ \t]+){50}/.test(text)) {
    throw new FrontMatterError('There are too many lists in the front matter', line);
  }
  return { values: block.parse(text, line), body };
}

/**
 * A file with front matter as every reader of YAML takes it: all text is in quotes, so that nothing is
 * taken for a date or a truth. {@link parseFrontMatter} gives back the same.
 */
export function writeFrontMatter(values: Record<string, unknown>, body: string): string {
  const yaml = stringify(values, {
    lineWidth: 0,
    defaultKeyType: 'PLAIN',
    defaultStringType: 'QUOTE_DOUBLE',
  });
  return `---\n${yaml}---\n${body}`;
}

const YAML_FENCE = /^---[ \t]*\r?\n/;
const TOML_FENCE = /^\+\+\+[ \t]*\r?\n/;
// Not `m`, for which U+2028 ends a line too.
const YAML_END = /(?<![^\n])(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/;
const TOML_END = /(?<![^\n])\+\+\+[ \t]*(?:\r?\n|$)/;

/** How a line of YAML begins that names a value, and one of TOML. */
const YAML_NAME = /^(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')[ \t]*:(?:[ \t\r\n]|$)/;
const TOML_NAME = /^(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')[ \t]*=|^\[/;

/** What a file has to begin with to have front matter that no line opens, */
const UNOPENED = /^(?:title|date|layout|tags|categories):[ \t]/;

/** and behind a line that opens it, to be front matter although no line ends it. */
const USUAL = /^(?:title|date|layout|tags|categories|draft)[ \t]*[:=]/i;

function blockOf(file: string): Block | null {
  const yaml = YAML_FENCE.exec(file);
  if (yaml !== null) return fenced(file, yaml[0].length, YAML_END, YAML_NAME, mapOfYaml);
  const toml = TOML_FENCE.exec(file);
  if (toml !== null) return fenced(file, toml[0].length, TOML_END, TOML_NAME, mapOfToml);
  return UNOPENED.test(file) ? unopened(file) : null;
}

function fenced(
  file: string,
  begin: number,
  endOf: RegExp,
  nameOf: RegExp,
  parse: Block['parse'],
): Block | null {
  const rest = file.slice(begin);
  const end = endOf.exec(rest);
  if (end === null) {
    if (!USUAL.test(rest)) return null;
    throw new FrontMatterError('The front matter has no end', 1);
  }
  const text = rest.slice(0, end.index);
  const isEmpty = text.trim() === '';
  if (!isEmpty && !nameOf.test(firstLine(text))) return null;
  return { line: 2, text, body: rest.slice(end.index + end[0].length), parse };
}

function unopened(file: string): Block | null {
  const end = YAML_END.exec(file);
  if (end === null) return null;
  const text = file.slice(0, end.index);
  // A paragraph over a line of hyphens is a heading; one that is all names is front matter.
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (!lines.every((line) => YAML_NAME.test(line) || /^(?:[ \t]|-[ \t])/.test(line))) return null;
  return { line: 1, text, body: file.slice(end.index + end[0].length), parse: mapOfYaml };
}

/** The first line that is neither empty nor a comment. */
function firstLine(text: string): string {
  return text.split('\n').find((line) => !/^\s*(?:#|$)/.test(line)) ?? '';
}

function mapOfYaml(text: string, line: number): Map<string, unknown> {
  return throttled('YAML', line, () => {
    const lineCounter = new LineCounter();
    const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'silent' });
    const [error] = document.errors;
    if (error !== undefined) {
      throw Object.assign(error, { line: lineCounter.linePos(error.pos[0]).line || 1 });
    }
    if (document.contents === null) return new Map();
    if (!isMap(document.contents)) throw new Error('there are no names');
    const map = document.toJS({ mapAsMap: true, maxAliasCount: MAX_ALIASES });
    return byLowerCase([...(map as Map<unknown, unknown>)]);
  });
}

function mapOfToml(text: string, line: number): Map<string, unknown> {
  return throttled('TOML', line, () => {
    const table = parseToml(text, { unsafeKeyBehaviour: 'drop' });
    return byLowerCase(
      Object.entries(table).map(([name, value]) => [
        name,
        value instanceof TomlDate ? value.toISOString() : value,
      ]),
    );
  });
}

/** Names are compared without regard to case, as Hugo does. */
function byLowerCase(entries: [unknown, unknown][]): Map<string, unknown> {
  return new Map(entries.map(([name, value]) => [String(name).toLowerCase(), value]));
}

/** What a parser throws, also when something is nested so deep that the stack ends, as an error. */
function throttled<T>(language: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message, line: at } = error as { message: string; line?: number };
    const [reason = ''] = message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new FrontMatterError(`${language}: ${reason}`, line + (at ?? 1) - 1);
  }
}
