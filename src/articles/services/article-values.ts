/** Front matter values, by key in lower case. */
export type Values = ReadonlyMap<string, unknown>;

/** The reason why a file cannot be imported. */
export class ArticleFileError extends Error {
  /** The front matter key whose value is the reason. */
  readonly key: string | undefined;

  constructor(reason: string, key?: string) {
    super(reason);
    this.key = key;
  }
}

/** Returns a scalar as text; null for other values, such as lists. */
export function scalarOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : null;
}
