import { Transform } from 'node:stream';
import { stringify } from 'csv-stringify';

/** What a spreadsheet may take for the end of a cell or line, whatever its settings. */
const SEPARATORS = /[;\t\r\n]/;

/** The start of a formula, after such an end. */
const FORMULAS = /([;\t\r\n])(?=[ "']*[=+\-@＝＋－＠])/g;

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
    escape_formulas: true,
    cast: {
      boolean: (value) => String(value),
      string: disarm,
      object: (value) => disarm(Array.isArray(value) ? value.join(', ') : JSON.stringify(value)),
    },
  });
}

function disarm(text: string): string {
  return text.replace(FORMULAS, "$1'");
}

/** Transforms objects to one JSON array, item by item. */
export function jsonArrayStream(toJson: (item: Record<string, unknown>) => string): Transform {
  let separator = '[';
  return new Transform({
    writableObjectMode: true,
    transform(item, _encoding, done) {
      done(null, separator + toJson(item));
      separator = ',\n';
    },
    flush(done) {
      done(null, separator === '[' ? '[]' : ']');
    },
  });
}
