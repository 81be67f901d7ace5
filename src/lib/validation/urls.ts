import { isAtMost } from '#src/lib/code-points.js';
import { type Check, fail, LAX, lower, type Node } from './node.js';

const WEB_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:']);

/** FastAPI emits `maxLength: 2083` exactly for URLs that must be http or https. */
const HTTP_URL_LIMIT = 2083;

/** Returns why a text is not a URL, with the wording of Rust's url crate (`src/parser.rs`). */
function reasonFor(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return 'input is empty';
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(trimmed)?.[0];
  if (scheme === undefined) return 'relative URL without a base';
  const authority = trimmed.slice(scheme.length).replace(/^[/\\]+/, '');
  const host = (/^[^/\\?#]*/.exec(authority)?.[0] ?? '').replace(/^.*@/, '');
  if (host === '') return 'empty host';
  if (host.startsWith('[')) return 'invalid IPv6 address';
  const port = /:([^:]*)$/.exec(host)?.[1];
  if (port !== undefined && (!/^\d*$/.test(port) || Number(port) > 65_535)) {
    return 'invalid port number';
  }
  if (port !== undefined && host === `:${port}`) return 'empty host';
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?(?::\d*)?$/i.test(host)
    ? 'invalid IPv4 address'
    : 'invalid international domain name';
}

/**
 * Compiles `format: uri` according to the WHATWG URL standard. `minLength` is ignored, because an
 * empty text is not a URL; a text longer than `maxLength` is `url_too_long`.
 */
export function urlNode(maxLength: number | undefined): Node {
  const httpOnly = maxLength === HTTP_URL_LIMIT;
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'url_type', value);
    if (maxLength !== undefined && !isAtMost(value, maxLength)) {
      return fail(state, 'url_too_long', value, { max_length: maxLength });
    }
    let url: URL;
    try {
      url = new URL(value);
    } catch {
      return fail(state, 'url_parsing', value, { error: reasonFor(value) });
    }
    if (httpOnly && !WEB_SCHEMES.has(url.protocol)) {
      return fail(state, 'url_scheme', value, { expected_schemes: "'http' or 'https'" });
    }
    lower(state, LAX);
    return url.href;
  };
  return { check, label: 'function-wrap[wrap_val()]' };
}
