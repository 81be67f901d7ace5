/**
 * Yields the names and values of a urlencoded form or query, as `URLSearchParams` reads them.
 *
 * Reads pair by pair: for many pairs without `=`, Node 24 takes quadratic time to read the whole.
 *
 * @see https://url.spec.whatwg.org/#urlencoded-parsing
 */
export function* formPairs(text: string): Generator<[name: string, value: string]> {
  let isFirst = true;
  for (const pair of text.split('&')) {
    // A question mark is dropped only at the start of the text.
    yield* new URLSearchParams(isFirst ? pair : `&${pair}`);
    isFirst = false;
  }
}
