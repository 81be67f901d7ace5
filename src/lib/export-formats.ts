import { type Options, stringify } from 'csv-stringify/sync';
import { mostJsonBytes } from './json-bytes.js';

/** Characters that end a cell or a line in a spreadsheet of any locale. */
const SEPARATORS = /[;\t\r\n]/;

/** White space and quotation marks from the start or such an end on, and a sign of a formula. */
const BEGINNINGS = /(^|[;\t\r\n])([\s"';]*)([=+\-@＝＋－＠]?)/g;

/** Where a cell begins that a spreadsheet may run: some skip white space and quotation marks. */
const BEFORE_FORMULA = /[;\t\r\n](?!\r?\n)/g;

/** Where a cell begins with a tab or carriage return, which may be skipped, too. */
const BEFORE_SKIPPED = /[;\t\r\n](?=\t|\r(?!\n))/g;

export interface CsvOptions {
  /** Whether to begin with a byte order mark, by which Excel recognizes UTF-8. */
  bom?: boolean | undefined;
}

/**
 * Formats objects as CSV (RFC 4180): a header line, then a line per object. Whatever a spreadsheet
 * would run as a formula gets a leading apostrophe: at the start of a cell, and where one with other
 * separators would start a cell.
 *
 * @returns the text in pieces, see `inPieces`
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export async function* csvOf(
  lists: Lists,
  columns: readonly string[],
  { bom = false }: CsvOptions = {},
): AsyncGenerator<string> {
  const options: Options = {
    columns: [...columns],
    record_delimiter: '\r\n',
    quoted_match: SEPARATORS,
    cast: {
      boolean: (value) => String(value),
      string: disarm,
      object: (value) => disarm(Array.isArray(value) ? value.join(', ') : JSON.stringify(value)),
    },
  };
  // With the first line, so that an error before it can still have a status.
  let head: Options = { bom, header: true };
  for await (const items of inPieces(lists)) {
    yield stringify(items, { ...options, ...head });
    head = {};
  }
  if (head.header === true) yield stringify([], { ...options, ...head });
}

/** A sign of a formula where a cell may begin, or what may end a cell. */
const SUSPICIOUS = /^[\s"']*[=+\-@＝＋－＠]|[;\t\r\n]/;

function disarm(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  return text.replace(BEGINNINGS, (_, end: string, skipped: string, sign: string) => {
    const cells = sign === '' ? BEFORE_SKIPPED : BEFORE_FORMULA;
    const disarmed = `${end}${skipped}`.replace(cells, "$&'") + sign;
    const isArmed =
      end === '' && ((sign !== '' && !skipped.includes(';')) || /^(?:\t|\r(?!\n))/.test(skipped));
    return isArmed ? `'${disarmed}` : disarmed;
  });
}

/** An apostrophe where a cell begins, and one before what may be skipped. */
const AT_BEGINNING = /(^|[;\t\r\n])'/g;
const AT_SKIPPED = /(^|[;\t\r\n])'(?=\t|\r(?!\n))/g;

/**
 * Returns the text that a cell of `csvOf` was made from. A text that had an apostrophe of its own
 * where a cell may begin can lose it.
 */
export function rearm(cell: string): string {
  return cell.replace(BEGINNINGS, (_, end: string, skipped: string, sign: string) => {
    const disarming = sign === '' ? AT_SKIPPED : AT_BEGINNING;
    return `${end}${skipped}`.replace(disarming, '$1') + sign;
  });
}

/** Formats objects as one JSON array. @returns the text in pieces, see `inPieces` */
export async function* jsonArrayOf(
  lists: Lists,
  toJson: (item: Record<string, unknown>) => string,
): AsyncGenerator<string> {
  let separator = '[';
  for await (const items of inPieces(lists)) {
    let json = '';
    for (const item of items) {
      json += separator + toJson(item);
      separator = ',\n';
    }
    yield json;
  }
  yield separator === '[' ? '[]' : ']';
}

/** Objects to export, as they are read. */
type Lists = AsyncIterable<readonly Record<string, unknown>[]>;

/** The size of a piece, in bytes that its JSON does not exceed. */
const PIECE_BYTES = 64 * 1024;

/**
 * Divides lists into pieces that take the event loop a millisecond or so, and that a slow client
 * reads in a second. An object is not divided, and a piece per object would take as long to pass on
 * as to format.
 */
async function* inPieces(lists: Lists): AsyncGenerator<Record<string, unknown>[]> {
  for await (const list of lists) {
    let piece: Record<string, unknown>[] = [];
    let bytes = 0;
    for (const item of list) {
      piece.push(item);
      bytes += mostJsonBytes(item);
      if (bytes < PIECE_BYTES) continue;
      yield piece;
      piece = [];
      bytes = 0;
    }
    if (piece.length > 0) yield piece;
  }
}
