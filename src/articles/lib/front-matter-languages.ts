import { parse as parseTomlTable, TomlDate } from 'smol-toml';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';

/** Maximum length of front matter in characters. */
export const MAX_MATTER_LENGTH = 16_384;

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

/** Values by lower-case name, in the order of the text; of equal names, the last one counts. */
export type MatterValues = ReadonlyMap<string, unknown>;

/**
 * Parses the text of front matter. Numbers, booleans and dates keep their source text.
 *
 * @param line number of the text's first line in the file
 * @throws FrontMatterError for any invalid text; throws nothing else
 */
export type MatterParser = (text: string, line: number) => MatterValues;

const NO_NAMES = 'there are no names with values';

/** Returns a name as it is compared: in lower case, as in Hugo. */
export function matterName(text: string): string {
  return text.trim().toLowerCase();
}

/** Parses a YAML map as Hugo, Jekyll and Hexo do: merge keys and equal names are accepted. */
export const parseYaml: MatterParser = (text, line) =>
  withLineNumbers('YAML', { text, line }, (text) => {
    try {
      return entriesOfYaml(text);
    } catch (error) {
      // Hexo takes a tab at the beginning of a line for two blanks, which YAML forbids.
      if (!TABS.test(text)) throw error;
      return entriesOfYaml(text.replaceAll(TAB_INDENT, (tabs) => '  '.repeat(tabs.length)));
    }
  });

const TABS = /^\t|\n\t/;
const TAB_INDENT = /(?<![^\n])\t+/g;

function entriesOfYaml(text: string): [unknown, unknown][] {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    logLevel: 'silent',
    merge: true,
    uniqueKeys: false,
  });
  const lineAt = (position: number) => lineCounter.linePos(position).line || 1;
  const [error] = document.errors;
  if (error !== undefined) throw Object.assign(error, { line: lineAt(error.pos[0]) });
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return [];
  const line = lineAt(contents.range?.[0] ?? 0);
  if (!isMap(contents)) throw Object.assign(new Error(NO_NAMES), { line });
  visit(document, {
    Scalar(_, node) {
      const { value, source } = node;
      if (source !== undefined && value !== null && typeof value !== 'string') node.value = source;
    },
  });
  try {
    const map: unknown = document.toJS({ mapAsMap: true, maxAliasCount: MAX_ALIASES });
    return [...(map as Map<unknown, unknown>)];
  } catch (error) {
    throw Object.assign(error as Error, { line });
  }
}

/** Parses a TOML table, as Hugo does. */
export const parseToml: MatterParser = (text, line) =>
  withLineNumbers('TOML', { text, line }, (text) => {
    const quoted = quoteNumbers(text, TOML_TOKEN, '=[,');
    const table = parseTomlTable(quoted, { unsafeKeyBehaviour: 'drop' });
    return Object.entries(table).map(([name, value]) => [
      name,
      value instanceof TomlDate ? value.toISOString() : value,
    ]);
  });

/** Parses a JSON object, as Hugo does. */
export const parseJson: MatterParser = (text, line) =>
  withLineNumbers('JSON', { text, line }, entriesOfJson);

/** Parses the members of a JSON object without its braces, as Hexo does. */
export const parseJsonMembers: MatterParser = (text, line) =>
  withLineNumbers('JSON', { text, line }, (text) => entriesOfJson(`{${text}}`));

function entriesOfJson(text: string): [string, unknown][] {
  try {
    JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    throw Object.assign(new Error(message.replace(/ (?:in JSON )?at position .{1,20}$/, '')), {
      line: lineOfJsonError(text),
    });
  }
  const value: unknown = JSON.parse(quoteNumbers(text, JSON_TOKEN, ':[,'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(NO_NAMES);
  }
  return Object.entries(value);
}

/** The parser's messages have no line: it is that of the shortest beginning that is wrong itself. */
function lineOfJsonError(text: string): number {
  const isWrong = (length: number) => {
    try {
      JSON.parse(text.slice(0, length));
      return false;
    } catch (error) {
      const { message } = error as Error;
      const position = Number(/ position (\d+)/.exec(message)?.[1] ?? Number.NaN);
      return !/end of JSON|Unterminated/.test(message) && !(position >= length);
    }
  };
  let [right, wrong] = [0, text.length];
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2);
    if (isWrong(middle)) wrong = middle;
    else right = middle;
  }
  return text.slice(0, wrong).trimEnd().split('\n').length;
}

/** A string, comment, word or character; always matches, so that the search is linear. */
const TOML_TOKEN =
  /"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:[^"\\\n]|\\[\s\S])*"?|'[^'\n]*'?|#[^\n]*|[\w+.:-]+|[\s\S]/y;
const JSON_TOKEN = /"(?:[^"\\]|\\[\s\S])*"?|[\w+.-]+|[\s\S]/y;

const NUMBER = /^[+-]?\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?$/;

/** Turns numbers into strings, because the parsers do not keep their source text. */
function quoteNumbers(text: string, token: RegExp, before: string): string {
  let quoted = '';
  let last = '';
  token.lastIndex = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [word] = found;
    const isValue = last !== '' && before.includes(last);
    quoted += isValue && NUMBER.test(word) ? `"${word}"` : word;
    if (!/^(?:\s|#)/.test(word)) last = word;
  }
  return quoted;
}

const ORG_LINE = /^#\+([\w-]+)(\[\])?:(.*)$/;

/** Names whose values are lists of words in Hugo. */
const ORG_LISTS = new Set(['tags', 'categories', 'aliases']);

/** Parses the keywords of Emacs Org mode at the beginning of a file, as Hugo does. */
export const parseOrg: MatterParser = (text, line) =>
  withLineNumbers('Org', { text, line }, (text) =>
    text.split('\n').flatMap((each): [string, unknown][] => {
      const [, name, list, value = ''] = ORG_LINE.exec(each.trimEnd()) ?? [];
      if (name === undefined) return [];
      const isList = list !== undefined || ORG_LISTS.has(matterName(name));
      if (isList) return [[name, value.split(/[ \t]/).filter((word) => word !== '')]];
      // A date may be written as `<2016-01-02 Sat>`.
      return [[name, value.trim().replace(/^[<[](\d{4}-\d\d-\d\d)[^>\]]*[>\]]$/, '$1')]];
    }),
  );

interface MatterText {
  text: string;
  line: number;
}

/**
 * Turns whatever a parser throws, including a stack overflow, into a FrontMatterError, and its
 * entries into a map.
 */
function withLineNumbers(
  language: string,
  { text, line }: MatterText,
  parse: (text: string) => [unknown, unknown][],
): MatterValues {
  try {
    assertParsable(text);
    const entries = parse(text);
    return new Map(entries.map(([name, value]) => [matterName(String(name)), value]));
  } catch (error) {
    const { message, line: at } = error as { message: string; line?: number };
    const [reason = ''] = message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new FrontMatterError(`${language}: ${reason}`, line + (at ?? 1) - 1);
  }
}

function assertParsable(text: string): void {
  if (text.length > MAX_MATTER_LENGTH) {
    throw new Error(`the front matter is longer than ${MAX_MATTER_LENGTH} characters`);
  }
  if ((text.match(/[[{]/g)?.length ?? 0) > MAX_BRACKETS || /(?:[-?:][ \t]+){50}/.test(text)) {
    throw new Error('there are too many lists in the front matter');
  }
}
