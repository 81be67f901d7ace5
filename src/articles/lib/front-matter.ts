import { stringify } from 'yaml';
import { type Block, findBlock, linesOf } from './front-matter-blocks.js';
import {
  FrontMatterError,
  type MatterValues,
  matterName,
  parseYaml,
} from './front-matter-languages.js';

export { FrontMatterError } from './front-matter-languages.js';

/** A file split into front matter and body. */
export interface MatterFile {
  /** Values by lower-case name; empty without front matter. */
  values: MatterValues;
  /** The rest of the file after the closing line, unchanged. */
  body: string;
  /** Returns the line of a key, counted from 1, or null if the key is missing. */
  lineOf: (name: string) => number | null;
}

/**
 * Splits a file of Hexo, Hugo or Jekyll into front matter and body. It reads every form that one of
 * them reads, and takes for text what is text in Markdown, such as a paragraph between two
 * horizontal rules. Byte order marks at the beginning are dropped.
 *
 * @throws FrontMatterError for what looks like front matter and cannot be read; throws nothing else
 */
export function parseFrontMatter(file: string): MatterFile {
  const block = findBlock(file);
  const matter = block === null ? null : readBlock(block);
  if (block !== null && matter !== null) {
    const body = file.slice(block.end ?? file.length);
    return {
      values: matter,
      body,
      lineOf: (name) => (matter.has(name) ? lineOf(block, name) : null),
    };
  }
  assertNoOddFence(file);
  return { values: new Map(), body: file.replace(/^\ufeff+/, ''), lineOf: () => null };
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

/** A line that begins with one of the names that front matter usually has. */
const USUAL =
  /^[\p{Zs}\t]*(?:[-?{,#][ \t]*)?["']?(?:title|date|layout|tags?|category|categories|draft|published|slug|permalink|url|aliases|authors?|description|summary)["']?[\p{Zs}\t]*[:：=]/imu;

/** Same as the above, as Hexo's front matter without an opening line begins. */
const USUAL_UNOPENED = /^"?(?:title|date|layout|tags|categories|draft|slug|permalink)"?:[ \t]/m;

/** A line that begins with up to three words and a colon or equals sign, except a URL. */
const NAMED =
  /^[\p{Zs}\t]*["']?[\p{L}\p{N}_$@./-]{1,50}(?: [\p{L}\p{N}_$@./-]{1,50}){0,2}["']?[\p{Zs}\t]*[:：=](?!\/\/)/u;

/** Same as the above, with the colon that YAML expects. */
const YAML_NAMED = /^[^\n]*?:(?:[ \t]|$)/;

/** @returns null if the block is text */
function readBlock(block: Block): MatterValues | null {
  if (block.end === null) {
    if (!block.isCertain && !hasNames(block)) return null;
    throw new FrontMatterError('The front matter has no end', block.line);
  }
  try {
    const values = block.parse(block.text, block.line);
    return isMeant(block, values) ? values : null;
  } catch (error) {
    if (!(error instanceof FrontMatterError)) throw error;
    if (!block.isCertain && !looksMeant(block)) return null;
    throw mistakeIn(block) ?? error;
  }
}

/** Whether values that could be read are meant as such. */
function isMeant(block: Block, values: MatterValues): boolean {
  if (block.kind === 'unopened') return USUAL_UNOPENED.test(block.text);
  // A heading between two rules is a comment in YAML.
  return values.size > 0 || block.text.trim() === '' || USUAL.test(block.text);
}

/** Whether a block that cannot be read is meant as front matter. */
function looksMeant(block: Block): boolean {
  const [first = '', second = ''] = namesIn(block.text);
  if (block.kind === 'unopened') {
    return USUAL_UNOPENED.test(first) || (USUAL.test(first) && NAMED.test(second));
  }
  const isNamed = NAMED.test(first) && YAML_NAMED.test(first);
  return isNamed || first.startsWith('%YAML') || USUAL.test(block.text) || hasNames(block);
}

/** Whether the first paragraph has the form of front matter, with or without its fences. */
function hasNames({ kind, text }: Block): boolean {
  const lines = namesIn(text);
  const areNames = lines.length >= 2 && lines.every((line) => NAMED.test(line));
  return kind === 'unopened'
    ? areNames && USUAL.test(lines.join('\n'))
    : areNames || USUAL.test(lines.join('\n'));
}

/** Returns the lines of the first paragraph, without comments, nested values and items. */
function namesIn(text: string): string[] {
  const lines: string[] = [];
  for (const { text: line } of linesOf(text, 0)) {
    if (line.trim() === '' && lines.length > 0) break;
    if (line.trim() !== '') lines.push(line);
  }
  const isName = (line: string) => !/^[ \t]*(?:#|-[ \t])/.test(line);
  const names = lines.filter(isName);
  const indent = /^[ \t]*/.exec(names[0] ?? '')?.[0] ?? '';
  return names.filter(
    (line) => line.startsWith(indent) && !/^[ \t]/.test(line.slice(indent.length)),
  );
}

/** Returns the error of a line that has a usual mistake, for which the parser's words are unclear. */
function mistakeIn({ text, line, parse }: Block): FrontMatterError | null {
  if (parse !== parseYaml) return null;
  for (const [index, each] of text.split('\n').entries()) {
    const [name] = NAMED.exec(each) ?? [];
    // Indented lines and items may be any text.
    if (name === undefined || /^[ \t-]/.test(each)) continue;
    if (name.endsWith('：')) {
      return new FrontMatterError(
        'YAML: write `: ` in place of the full-width colon',
        line + index,
      );
    }
    if (name.endsWith(':') && /^[^ \t]/.test(each.slice(name.length))) {
      return new FrontMatterError('YAML: a blank is missing after the colon', line + index);
    }
  }
  return null;
}

/** A line of characters that may stand for a fence: dashes of any kind, and what nobody sees. */
const ODD_FENCE = /^[\p{Pd}\p{Zs}\p{Cf}=+*_;:#.]+$/u;

/** @throws FrontMatterError if a file begins like front matter, except for its first line */
function assertNoOddFence(file: string): void {
  let line = 0;
  for (const { text, next } of linesOf(file, 0)) {
    line += 1;
    if (text.trim() === '') continue;
    if (!ODD_FENCE.test(text.trim())) return;
    const lines = namesIn(beforeOddFence(file.slice(next, next + 2000)));
    if (lines.length === 0 || !lines.every((name) => NAMED.test(name))) return;
    if (!USUAL.test(lines.join('\n'))) return;
    throw new FrontMatterError('The front matter does not begin with `---`, `+++` or `;;;`', line);
  }
}

function beforeOddFence(text: string): string {
  for (const { start, text: line } of linesOf(text, 0)) {
    if (ODD_FENCE.test(line.trim())) return text.slice(0, start);
  }
  return text;
}

/** Returns the line of a name at its beginning, or else that of the block. */
function lineOf({ text, line }: Block, name: string): number {
  const index = text.split('\n').findIndex((each) => {
    const rest = each.replace(/^[\s{,?"']+/, '');
    const isNamed = matterName(rest.slice(0, name.length)) === name;
    return isNamed && /^["']?\s{0,20}[:=]/.test(rest.slice(name.length));
  });
  return index < 0 ? line : line + index;
}
