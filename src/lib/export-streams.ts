import { Transform } from 'node:stream';
import { stringify } from 'csv-stringify';

/** What a spreadsheet may take for the end of a cell or line, whatever its settings. */
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
 * Transforms objects to CSV (RFC 4180): a header line, then a line per object. Whatever a spreadsheet
 * would run as a formula gets a leading apostrophe: at the start of a cell, and where one with other
 * separators would start a cell.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvStream(columns: readonly string[], { bom = false }: CsvOptions = {}): Transform {
  return stringify({
    bom,
    header: true,
    columns: [...columns],
    record_delimiter: '\r\n',
    quoted_match: SEPARATORS,
    cast: {
      boolean: (value) => String(value),
      string: disarm,
      object: (value) => disarm(Array.isArray(value) ? value.join(', ') : JSON.stringify(value)),
    },
  });
}

function disarm(text: string): string {
  return text.replace(BEGINNINGS, (_, end: string, skipped: string, sign: string) => {
    const cells = sign === '' ? BEFORE_SKIPPED : BEFORE_FORMULA;
    const disarmed = `${end}${skipped}`.replace(cells, "$&'") + sign;
    const isArmed =
      end === '' && ((sign !== '' && !skipped.includes(';')) || /^(?:\t|\r(?!\n))/.test(skipped));
    return isArmed ? `'${disarmed}` : disarmed;
  });
}

/** Transforms objects to one JSON array, item by item. */
export function jsonArrayStream(toJson: (item: Record<string, unknown>) => string): Transform {
  let separator = '[';
  return new Transform({
    writableObjectMode: true,
    transform(item, _encoding, done) {
      let json: string;
      try {
        json = toJson(item);
      } catch (error) {
        // Thrown, it would reach the reader's `drain` event, which nothing catches.
        done(error as Error);
        return;
      }
      done(null, separator + json);
      separator = ',\n';
    },
    flush(done) {
      done(null, separator === '[' ? '[]' : ']');
    },
  });
}
