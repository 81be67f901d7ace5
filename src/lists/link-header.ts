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
  const [target = '/', query = ''] = splitOnce(url, '?');
  // A proxy's client may send an absolute URL (RFC 9112, section 3.2.2), with any host.
  const path = target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/]*/i, '');
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
    .map(([rel, name, value]) => `<${path}?${withParameter(query, name, value)}>; rel="${rel}"`)
    .join(', ');
}

/** A query that `URLSearchParams` writes as it is. */
const PLAIN_QUERY = /^[\w*.-]+=[\w*.-]*(?:&[\w*.-]+=[\w*.-]*)*$/;

/** Returns the query with this value of the parameter, which needs no escapes. */
function withParameter(query: string, name: string, value: string): string {
  const parameter = `${name}=${value}`;
  if (query === '') return parameter;
  if (!PLAIN_QUERY.test(query)) {
    const parameters = new URLSearchParams(query);
    parameters.set(name, value);
    return parameters.toString();
  }
  const pairs = query.split('&');
  const isOther = (pair: string) => !pair.startsWith(`${name}=`);
  const place = pairs.findIndex((pair) => !isOther(pair));
  if (place < 0) return `${query}&${parameter}`;
  return [...pairs.slice(0, place), parameter, ...pairs.slice(place + 1).filter(isOther)].join('&');
}

function splitOnce(text: string, separator: string): string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
