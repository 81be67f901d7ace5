import { html } from '#src/lib/html.js';

/** Marks around matches in PostgreSQL's output. Indexed texts never contain these characters. */
export const FOUND_BEGIN = '\u0001';
export const FOUND_END = '\u0002';

/** A text, and the same with characters replaced and marks around matches: see `findRanges`. */
export interface MarkedText {
  text: string;
  marked: string;
  /** The same for the text in Unicode's normal form NFKC; null if it has no other matches. */
  marked_nfkc: string | null;
}

/** Letters in whose place `without_accents` of the database writes two. */
const SPELLED_WITH_TWO = new Set('ßẞæÆœŒþÞ');

/** A part of a text: start (inclusive) and end (exclusive), as UTF-16 offsets. */
type Range = readonly [from: number, to: number];

/** Length of a snippet in characters. */
const SNIPPET_LENGTH = 200;
/** Characters before the first match; also how far a word boundary is searched for. */
const LEAD = 40;

const ELLIPSIS = '…';

/**
 * Returns the ranges of matches in `text`: those between `FOUND_BEGIN` and `FOUND_END` in `marked`,
 * which is the same text with characters replaced one for one, but {@link SPELLED_WITH_TWO} by two,
 * and all occurrences of `runs`.
 */
export function findRanges(text: string, marked: string, runs: readonly string[]): Range[] {
  return merge([...markedRanges(text, marked), ...runs.flatMap((run) => occurrences(text, run))]);
}

/**
 * Returns the text with the ranges of its matches. Words are indexed in the form NFKC: a text with
 * matches in this form alone is returned in it.
 */
export function rangedText(
  { text, marked, marked_nfkc: markedNormal }: MarkedText,
  runs: readonly string[],
): { text: string; ranges: readonly Range[] } {
  const ranges = findRanges(text, marked, runs);
  if (ranges.length > 0 || markedNormal === null) return { text, ranges };
  const normal = text.normalize('NFKC');
  const normalRanges = findRanges(normal, markedNormal, runs);
  return normalRanges.length > 0 ? { text: normal, ranges: normalRanges } : { text, ranges };
}

/** Returns the whole text as safe HTML, with matches in `<mark>`. */
export function markedHtml(text: string, ranges: readonly Range[]): string {
  return render(text, ranges, [0, text.length]);
}

/**
 * Returns the part with the most different matches as safe HTML, without line breaks.
 *
 * @param passage whether the text is part of a longer one that goes on before or after it
 */
export function snippetHtml(
  text: string,
  ranges: readonly Range[],
  passage = { has_before: false, has_after: false },
): string {
  const part = bestPart(text, ranges);
  const before = part[0] > 0 || passage.has_before ? ELLIPSIS : '';
  const after = part[1] < text.length || passage.has_after ? ELLIPSIS : '';
  return `${before}${render(text, ranges, part).replace(/\s+/g, ' ').trim()}${after}`;
}

function markedRanges(text: string, marked: string): Range[] {
  const ranges: Range[] = [];
  let offset = 0;
  let begin = 0;
  let isHalf = false;
  for (const character of marked) {
    if (character === FOUND_BEGIN) begin = offset;
    else if (character === FOUND_END) ranges.push([begin, offset]);
    else if (!isHalf && SPELLED_WITH_TWO.has(text[offset] ?? '')) isHalf = true;
    else {
      // Both texts align by code point: a character above U+FFFF may be replaced by a blank.
      offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
      isHalf = false;
    }
  }
  return ranges;
}

function occurrences(text: string, run: string): Range[] {
  const ranges: Range[] = [];
  for (let from = text.indexOf(run); from >= 0; from = text.indexOf(run, from + run.length)) {
    ranges.push([from, from + run.length]);
  }
  return ranges;
}

function merge(ranges: Range[]): Range[] {
  const merged: Range[] = [];
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last === undefined || from > last[1]) merged.push([from, to]);
    else merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
  }
  return merged;
}

/** Returns the part with the most different words; of equal parts, the first. */
function bestPart(text: string, ranges: readonly Range[]): Range {
  let best: Range = [0, SNIPPET_LENGTH];
  let most = 0;
  for (const [index, [from]] of ranges.entries()) {
    const begin = Math.max(0, Math.min(from - LEAD, text.length - SNIPPET_LENGTH));
    const words = new Set<string>();
    for (let next = index; next < ranges.length; next += 1) {
      const [wordFrom, wordTo] = ranges[next] ?? [0, 0];
      if (wordTo > begin + SNIPPET_LENGTH) break;
      words.add(text.slice(wordFrom, wordTo).toLowerCase());
    }
    if (words.size > most) {
      most = words.size;
      best = [begin, begin + SNIPPET_LENGTH];
    }
  }
  return [wordBegin(text, best[0]), wordEnd(text, Math.min(best[1], text.length))];
}

/** Moves to the start of the next word, if it is within `LEAD`, before the first match. */
function wordBegin(text: string, at: number): number {
  if (at === 0) return 0;
  const blank = text.slice(at, at + LEAD).search(/\s/);
  return blank >= 0 ? at + blank + 1 : wholeCharacter(text, at);
}

function wordEnd(text: string, at: number): number {
  if (at === text.length) return at;
  const blank = text.slice(at - LEAD, at).search(/\s\S*$/);
  return blank >= 0 ? at - LEAD + blank : wholeCharacter(text, at);
}

function wholeCharacter(text: string, at: number): number {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff ? at - 1 : at;
}

function render(text: string, ranges: readonly Range[], [begin, end]: Range): string {
  let rendered = '';
  let offset = begin;
  for (const range of ranges) {
    const [from, to] = [Math.max(range[0], begin), Math.min(range[1], end)];
    if (from >= to) continue;
    rendered += html`${text.slice(offset, from)}<mark>${text.slice(from, to)}</mark>`;
    offset = to;
  }
  return rendered + html`${text.slice(offset, end)}`;
}
