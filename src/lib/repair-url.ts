const PERCENT = /(?:%[0-9a-f]{2})+|%/gi;

/**
 * Returns a URL whose percent-encoding can be decoded, as Python's `unquote` reads it: bytes that
 * are no UTF-8 become U+FFFD, and in the query, a `%` that encodes nothing stays as it is. In the
 * path it is left to the router, which refuses it.
 */
export function repairUrl(url: string): string {
  if (!url.includes('%') || isDecodable(url)) return url;
  const query = url.indexOf('?');
  return url.replace(PERCENT, (encoded: string, at: number) => {
    if (encoded === '%') return query !== -1 && at > query ? '%25' : encoded;
    return isDecodable(encoded) ? encoded : replaceBadBytes(encoded);
  });
}

function isDecodable(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}

function replaceBadBytes(encoded: string): string {
  const bytes = Buffer.from(encoded.replaceAll('%', ''), 'hex');
  return encodeURIComponent(bytes.toString());
}
