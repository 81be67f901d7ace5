/** What stands in the front matter, by names in lower case. */
export type Values = ReadonlyMap<string, unknown>;

/** Why a file is not imported. */
export class ArticleFileError extends Error {}

/** A value as text; null if it is none, such as a list. */
export function scalarOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : null;
}
