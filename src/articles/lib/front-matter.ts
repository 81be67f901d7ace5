import { parse as parseToml, TomlDate } from 'smol-toml';
import { isMap, LineCounter, parseDocument, stringify } from 'yaml';

/** Maximum length of front matter in characters. */
const MAX_LENGTH = 16_384;

/** Maximum number of lists and maps; deep nesting would overflow the parser's stack. */
const MAX_BRACKETS = 500;

/** Maximum number of YAML aliases. */
const MAX_ALIASES = 20;

/** Front matter that cannot be parsed. */
export class FrontMatterError extends Error {
  /** Line number in the file, starting at 1. */
  readonly line: number;

  constructor(reason: string, line: number) {
    super(reason);
    this.name = 'FrontMatterError';
    this.line = line;
  }
}

/** A file split into front matter and body. */
export interface MatterFile {
  /** Values by lower-case name; empty without front matter. */
  values: ReadonlyMap<string, unknown>;
  /** The rest of the file after the closing line, unchanged. */
  body: string;
}

interface Block {
  /** Line number in the file at which `text` starts. */
  line: number;
  text: string;
  body: string;
  parse: (text: string, line: number) => Map<string, unknown>;
}

/**
 * Parses a file of Hexo, Hugo or Jekyll: YAML between two `---` lines, or before a single one as
 * Hexo allows, or TOML between two `+++` lines. Lookalikes, such as text between two horizontal
 * rules, are left in the body.
 *
 * @throws FrontMatterError for any invalid front matter; throws nothing else
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
 * Returns a file with YAML front matter. All strings are quoted, so no parser reads them as dates
 * or booleans. {@link parseFrontMatter} restores the same values.
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
// Without the `m` flag, under which U+2028 also ends a line.
const YAML_END = /(?<![^\n])(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/;
const TOML_END = /(?<![^\n])\+\+\+[ \t]*(?:\r?\n|$)/;

/** The start of a YAML line, and of a TOML line, that names a value. */
const YAML_NAME = /^(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')[ \t]*:(?:[ \t\r\n]|$)/;
const TOML_NAME = /^(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')[ \t]*=|^\[/;

/** The start of a file whose front matter has no opening line. */
const UNOPENED = /^(?:title|date|layout|tags|categories):[ \t]/;

/** The start of front matter that is reported if it has no closing line; other text stays body. */
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
  // A paragraph above a line of hyphens is a heading, unless every line names a value.
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (!lines.every((line) => YAML_NAME.test(line) || /^(?:[ \t]|-[ \t])/.test(line))) return null;
  return { line: 1, text, body: file.slice(end.index + end[0].length), parse: mapOfYaml };
}

/** Returns the first line that is neither empty nor a comment. */
function firstLine(text: string): string {
  return text.split('\n').find((line) => !/^\s*(?:#|$)/.test(line)) ?? '';
}

function mapOfYaml(text: string, line: number): Map<string, unknown> {
  return withLineNumbers('YAML', line, () => {
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
  return withLineNumbers('TOML', line, () => {
    const table = parseToml(text, { unsafeKeyBehaviour: 'drop' });
    return byLowerCase(
      Object.entries(table).map(([name, value]) => [
        name,
        value instanceof TomlDate ? value.toISOString() : value,
      ]),
    );
  });
}

/** Lower-cases names, because Hugo compares them case-insensitively. */
function byLowerCase(entries: [unknown, unknown][]): Map<string, unknown> {
  return new Map(entries.map(([name, value]) => [String(name).toLowerCase(), value]));
}

/** Turns whatever a parser throws, including a stack overflow, into a FrontMatterError. */
function withLineNumbers<T>(language: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message, line: at } = error as { message: string; line?: number };
    const [reason = ''] = message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new FrontMatterError(`${language}: ${reason}`, line + (at ?? 1) - 1);
  }
}
