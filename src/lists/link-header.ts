/** The fields of a page that its Link header needs. */
export interface LinkedPage {
  page: number | null;
  pages: number | null;
  has_next: boolean;
  next_cursor: string | null;
}

/**
 * Returns the Link field of a page (RFC 8288): `first`, `prev`, `next` and `last`, if they exist and
 * are known.
 * Links are relative to the host and keep all other parameters of the request.
 *
 * @param url path and query of the request
 */
export function linkHeader(url: string, page: LinkedPage): string {
  const links: [rel: string, parameter: 'page' | 'cursor', value: string][] = [];
  if (page.page === null) {
    links.push(['first', 'cursor', '']);
    if (page.next_cursor !== null) links.push(['next', 'cursor', page.next_cursor]);
  } else {
    links.push(['first', 'page', '1']);
    if (page.page > 1) links.push(['prev', 'page', String(page.page - 1)]);
    if (page.has_next) links.push(['next', 'page', String(page.page + 1)]);
    if (page.pages !== null) links.push(['last', 'page', String(Math.max(1, page.pages))]);
  }
  return links
    .map(([rel, name, value]) => `<${withParameter(url, name, value)}>; rel="${rel}"`)
    .join(', ');
}

function withParameter(url: string, name: string, value: string): string {
  const [target = '/', query = ''] = splitOnce(url, '?');
  // A proxy's client may send an absolute URL (RFC 9112, section 3.2.2), with any host.
  const path = target.replace(/^[a-z]+:\/\/[^/]*/i, '');
  const parameters = new URLSearchParams(query);
  parameters.set(name, value);
  return `${path}?${parameters}`;
}

function splitOnce(text: string, separator: string): string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
