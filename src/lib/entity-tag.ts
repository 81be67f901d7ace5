import { createHash } from 'node:crypto';

/**
 * Returns a strong entity tag (RFC 9110, section 8.8.3) for one version of a resource in one
 * representation: the same tag never stands for two different bodies.
 *
 * @param version increases with every change of the resource
 * @param representation distinguishes bodies that depend on the viewer
 */
export function entityTag(version: number, representation: string): string {
  return `"${version}-${representation}"`;
}

/**
 * Returns a strong entity tag for a resource that includes data of others, such as its author's
 * name: the version, and a hash of the content.
 */
export function contentTag(version: number, content: unknown): string {
  return entityTag(version, hashOf(content));
}

/**
 * Returns a strong entity tag for content without a version, such as a list: a hash of the content.
 */
export function bodyTag(content: unknown): string {
  return `"${hashOf(content)}"`;
}

/** 96 bits make a collision within the same resource practically impossible. */
function hashOf(content: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(content));
  return hash.digest('base64url').slice(0, 16);
}

/**
 * Whether an If-Match field allows a change (RFC 9110, section 13.1.1): `*`, or a list with a tag
 * of this version in any representation, since then no change by others is overwritten. The
 * comparison is strong, so a weak tag never matches.
 */
export function ifMatchHasVersion(field: string, version: number): boolean {
  return matches(field, (tag) => tag.startsWith(`"${version}-`));
}

/**
 * Whether an If-None-Match field contains the current tag (RFC 9110, section 13.1.2). The
 * comparison is weak: it ignores the `W/` prefix.
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
