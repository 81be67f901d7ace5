import { fold } from '#src/lib/fold.js';

/** What a username begins and goes on with; see `username` in `schemas/users.ts`. */
const FIRST = /[A-Za-z]/;
const FURTHER = /[A-Za-z0-9_]/;

/** Before a name, these make it a part of an email address, a URL, a word or an escaped `@`. */
const JOINED_BEFORE = /[\p{Script=Latin}\p{M}\p{N}_@/+\-\\]/u;
/** After a name, these make it a part of a longer word or of an address. */
const JOINED_AFTER = /[\p{Script=Latin}\p{M}\p{N}@]/u;

const MIN_LENGTH = 2;
const MAX_LENGTH = 50;

/**
 * Returns the folded names that a Markdown text mentions as `@name`, each once, in their order. Names
 * in code spans, fenced and indented code do not count, nor do parts of email addresses and URLs.
 * Takes time linear in the length of the text.
 */
export function mentionedNames(source: string): string[] {
  const names = new Set<string>();
  for (const paragraph of textOutsideOfBlocks(source)) addNames(paragraph, names);
  return [...names];
}

/** Yields the parts of a text between code blocks and blank lines, in which code spans end. */
function* textOutsideOfBlocks(source: string): Generator<string> {
  let paragraph: string[] = [];
  let fence: { mark: string; length: number; isQuoted: boolean } | null = null;
  let isAfterBlank = true;
  let isInList = false;
  for (const line of source.split(/\r\n|\n|\r/)) {
    const { text, indent, isQuoted, isItem } = withoutMarkers(line);
    const isBlank = text === '';
    if (fence?.isQuoted && !isQuoted) fence = null;
    if (fence !== null) {
      const { mark, length } = fence;
      const closing = runAt(text, 0);
      if (text[0] === mark && closing >= length && text.slice(closing).trim() === '') fence = null;
      continue;
    }
    if (isItem) isInList = true;
    else if (isAfterBlank && !isBlank && indent === 0) isInList = false;
    const isIndentedCode: boolean = isAfterBlank && !isBlank && indent >= 4 && !isInList;
    const opening: number = isIndentedCode ? 0 : openingFence(text);
    if (opening > 0) fence = { mark: text[0] ?? '', length: opening, isQuoted };
    // After indented code, the next line may be indented code, too.
    if (!isIndentedCode) isAfterBlank = isBlank || opening > 0;
    if (!isBlank && !isIndentedCode && opening === 0) {
      paragraph.push(text);
      continue;
    }
    yield paragraph.join('\n');
    paragraph = [];
  }
  yield paragraph.join('\n');
}

/** Returns a line without the markers of quotes and list items, and the spaces before its text. */
function withoutMarkers(line: string) {
  let at = 0;
  let indent = 0;
  let isQuoted = false;
  let isItem = false;
  for (;;) {
    indent = 0;
    for (; line[at] === ' ' || line[at] === '\t'; at += 1) indent += line[at] === ' ' ? 1 : 4;
    const end = indent < 4 || isItem ? endOfMarker(line, at) : at;
    if (end === at) return { text: line.slice(at).trimEnd(), indent, isQuoted, isItem };
    if (line[at] === '>') isQuoted = true;
    else isItem = true;
    at = end;
  }
}

/** Returns where the marker of a quote or a list item ends; its start if there is none. */
function endOfMarker(line: string, start: number): number {
  const first = line[start] ?? '';
  if (first === '>') return line[start + 1] === ' ' ? start + 2 : start + 1;
  let end = start;
  if ('-+*'.includes(first) && first !== '') end += 1;
  else {
    while (end - start < 9 && /[0-9]/.test(line[end] ?? '')) end += 1;
    if (end === start || !/[.)]/.test(line[end] ?? '')) return start;
    end += 1;
  }
  return line[end] === ' ' || line[end] === '\t' ? end + 1 : start;
}

/** Returns the length of the mark that opens fenced code; 0 if it does not. */
function openingFence(text: string): number {
  const length = text[0] === '`' || text[0] === '~' ? runAt(text, 0) : 0;
  if (length < 3 || (text[0] === '`' && text.includes('`', length))) return 0;
  return length;
}

/** Returns how often the character at a place is repeated there. */
function runAt(text: string, start: number): number {
  let end = start;
  while (end < text.length && text[end] === text[start]) end += 1;
  return end - start;
}

function addNames(paragraph: string, names: Set<string>): void {
  const endOfSpan = codeSpans(paragraph);
  for (let at = 0; at < paragraph.length; ) {
    if (paragraph[at] === '\\') at += 2;
    else if (paragraph[at] === '`') at = endOfSpan(at);
    else if (paragraph[at] === '@') {
      const end = endOfName(paragraph, at);
      if (end > at + 1) names.add(fold(paragraph.slice(at + 1, end)));
      at = Math.max(end, at + 1);
    } else at += 1;
  }
}

/**
 * Returns a function that returns where the code span that begins at a place ends, or else the
 * backticks there. The places must be asked for in ascending order.
 */
function codeSpans(text: string): (start: number) => number {
  /** The places of all runs of backticks by their length. */
  const runs = new Map<number, { starts: number[]; next: number }>();
  for (let at = 0; at < text.length; ) {
    const length = text[at] === '`' ? runAt(text, at) : 0;
    if (length > 0) {
      const same = runs.get(length);
      if (same === undefined) runs.set(length, { starts: [at], next: 0 });
      else same.starts.push(at);
    }
    at += Math.max(length, 1);
  }
  return (start) => {
    const length = runAt(text, start);
    const end = start + length;
    const same = runs.get(length) ?? { starts: [], next: 0 };
    while ((same.starts[same.next] ?? end) < end) same.next += 1;
    const closing = same.starts[same.next];
    return closing === undefined ? end : closing + length;
  };
}

/** Returns where the name after an `@` ends; the place of the `@` if none is mentioned. */
function endOfName(text: string, at: number): number {
  let end = at + 1;
  if (!FIRST.test(text[end] ?? '')) return at;
  while (FURTHER.test(text[end] ?? '')) end += 1;
  const length = end - at - 1;
  const isName = length >= MIN_LENGTH && length <= MAX_LENGTH;
  const isJoined = JOINED_BEFORE.test(text[at - 1] ?? '') || JOINED_AFTER.test(text[end] ?? '');
  return isName && !isJoined ? end : at;
}
