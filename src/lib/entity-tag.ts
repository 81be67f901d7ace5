import { createHash } from 'node:crypto';

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
 * A strong entity tag for a version of a resource that shows more than its own fields, such as the
 * name of its author: the version, and a hash of the content.
 */
export function contentTag(version: number, content: unknown): string {
  return entityTag(version, hashOf(content));
}

/** A strong entity tag for what has no version, such as a list: a hash of the content. */
export function bodyTag(content: unknown): string {
  return `"${hashOf(content)}"`;
}

/** 96 bits: two different contents will not meet in the same resource. */
function hashOf(content: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(content));
  return hash.digest('base64url').slice(0, 16);
}

/**
 * Whether an If-Match field lets a change through (RFC 9110, section 13.1.1): `*`, or a list that
 * has a tag of this version, whatever else of the resource it was shown with: nothing that somebody
 * wrote is lost then. The comparison is strong, so a weak tag never matches.
 */
export function ifMatchHasVersion(field: string, version: number): boolean {
  return matches(field, (tag) => tag.startsWith(`"${version}-`));
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
