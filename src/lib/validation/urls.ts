import { isAtMost } from '#src/lib/code-points.js';
import { type Check, fail, LAX, lower, type Node } from './node.js';

const WEB_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:']);

/** FastAPI emits `maxLength: 2083` exactly for URLs that must be http or https. */
const HTTP_URL_LIMIT = 2083;

/** Schemes whose URLs have a domain, and so the rules of domains (URL standard). */
const SPECIAL = new Set(['http:', 'https:', 'ws:', 'wss:', 'ftp:', 'file:']);

/** Unlike the URL standard, the url crate takes the slashes before the path of a file as one. */
const SLASHES = /^(file:\/\/[^/]*)\/+/;

const FORBIDDEN = /[\0-\x20#%/:<>?@[\\\]^|\x7f\ufffd]/;

/** Drops what the URL standard drops: controls and spaces around, tabs and line breaks inside. */
function withoutControls(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end).replace(/[\t\n\r]/g, '');
}

/** Returns why a text is not a URL, with the wording of Rust's url crate (`src/parser.rs`). */
function reasonFor(text: string): string {
  if (text === '') return 'input is empty';
  const plain = withoutControls(text);
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(plain)?.[0];
  if (scheme === undefined) return 'relative URL without a base';
  const isSpecial = SPECIAL.has(scheme.toLowerCase());
  const rest = plain.slice(scheme.length).replace(isSpecial ? /^[/\\]+/ : /^\/\//, '');
  const authority = (isSpecial ? /^[^/\\?#]*/ : /^[^/?#]*/).exec(rest)?.[0] ?? '';
  const server = authority.slice(authority.lastIndexOf('@') + 1);
  // A file has no port.
  const host = scheme.toLowerCase() === 'file:' ? server : hostOf(server);
  return hostFault(host, isSpecial) ?? 'invalid port number';
}

/** Returns what stands before the port. */
function hostOf(server: string): string {
  const bracket = server.startsWith('[') ? server.indexOf(']') : 0;
  const colon = bracket === -1 ? -1 : server.indexOf(':', bracket);
  return colon === -1 ? server : server.slice(0, colon);
}

function hostFault(host: string, isSpecial: boolean): string | undefined {
  if (host === '') return 'empty host';
  const hasPort = /^[^[]*:/.test(host);
  if (!hasPort && URL.canParse(`${isSpecial ? 'http' : 'a'}://${host}/`)) return undefined;
  if (host.startsWith('[')) return 'invalid IPv6 address';
  return isSpecial ? domainFault(host) : 'invalid domain character';
}

function domainFault(host: string): string {
  const decoded = host.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) =>
    Buffer.from(encoded.replaceAll('%', ''), 'hex').toString(),
  );
  const domain = decoded.normalize('NFKC').replace(/\u00ad/g, '');
  if (domain === '') return 'empty host';
  const labels = domain.replace(/[.\u3002]$/, '').split(/[.\u3002]/);
  const last = labels.pop() ?? '';
  const isNumber = /^(?:\d+|0x[0-9a-f]*)$/i.test(last);
  // The other labels alone must be a domain.
  const others = [...labels, 'a'].join('.');
  const isDomain = !FORBIDDEN.test(others) && URL.canParse(`http://${others}/`);
  return isNumber && isDomain ? 'invalid IPv4 address' : 'invalid international domain name';
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
    return url.protocol === 'file:' ? url.href.replace(SLASHES, '$1/') : url.href;
  };
  return { check, label: 'function-wrap[wrap_val()]' };
}
