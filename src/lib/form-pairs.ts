/**
 * Yields the names and values of a urlencoded form or query, as the URL standard reads them.
 *
 * Reads pair by pair: for many pairs without `=`, Node 24 takes quadratic time to read the whole.
 *
 * @see https://url.spec.whatwg.org/#urlencoded-parsing
 */
export function* formPairs(text: string): Generator<[name: string, value: string]> {
  for (const pair of text.split('&')) {
    // Otherwise a question mark would be dropped at the start.
    yield* new URLSearchParams(`&${pair}`);
  }
}
