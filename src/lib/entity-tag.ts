/**
 * A strong entity tag (RFC 9110, section 8.8.3) for one version of one resource in one
 * representation: the same tag never stands for two different bodies.
 *
 * @param version grows with every change of the resource
 * @param representation names what is shown, where readers are shown different things
 */
export function entityTag(version: number, representation: string): string {
  return `"${version}-${representation}"`;
}

/**
 * Whether an If-Match field lets a change through (RFC 9110, section 13.1.1): `*`, or a list that
 * has the tag. The comparison is strong, so a weak tag never matches.
 */
export function ifMatchPasses(field: string, current: string): boolean {
  return matches(field, (tag) => tag === current);
}

/**
 * Whether an If-None-Match field says that the client already has this tag (RFC 9110, section
 * 13.1.2). The comparison is weak: what is compared is the part in quotes.
 */
export function ifNoneMatchHits(field: string, current: string): boolean {
  return matches(field, (tag) => stripWeak(tag) === stripWeak(current));
}

const TAG = /(?:W\/)?"[^"]*"/g;

function matches(field: string, isWanted: (tag: string) => boolean): boolean {
  return field.trim() === '*' || (field.match(TAG) ?? []).some(isWanted);
}

function stripWeak(tag: string): string {
  return tag.replace(/^W\//, '');
}
