import { Transform } from 'node:stream';
import { stringify } from 'csv-stringify';

/**
 * Objects in, CSV out (RFC 4180): a header line, then a line for each object. A cell that a
 * spreadsheet would run as a formula is disarmed with a leading apostrophe.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvStream(columns: readonly string[]): Transform {
  return stringify({
    header: true,
    columns: [...columns],
    record_delimiter: '\r\n',
    escape_formulas: true,
    cast: {
      boolean: (value) => String(value),
      object: (value) => (Array.isArray(value) ? value.join(';') : JSON.stringify(value)),
    },
  });
}

/** Objects in, one JSON array out, an item at a time. */
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
