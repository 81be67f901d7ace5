import { Transform } from 'node:stream';
import { stringify } from 'csv-stringify';

/**
 * Transforms objects to CSV (RFC 4180): a header line, then a line per object. Cells that a
 * spreadsheet would run as a formula get a leading apostrophe.
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
