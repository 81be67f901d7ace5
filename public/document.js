/**
 * Loads the OpenAPI document. Its examples name the address that the service has seen, which behind
 * a proxy can differ from the one that the reader uses: the latter replaces it.
 */
export async function loadDocument() {
  const text = await (await fetch('/openapi.json')).text();
  const seen = JSON.parse(text).servers[0]['x-origin'];
  const { origin, host } = window.location;
  return JSON.parse(
    text
      .replaceAll(seen, origin)
      .replaceAll(seen.replace(/^http/, 'ws'), origin.replace(/^http/, 'ws'))
      .replaceAll(seen.replace(/^https?:\/\//, ''), host),
  );
}
