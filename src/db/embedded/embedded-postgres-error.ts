/**
 * The embedded PostgreSQL could not be started or stopped. The message is one sentence that names
 * the cause and what to do about it, fit to be shown without a stack; `cause` carries the original
 * error where there is one.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** The remedy that always works, as the last clause of a sentence. */
export const USE_OWN_SERVER = 'or set DATABASE_URL to use a PostgreSQL server of your own';

/** The `code` of a system or PostgreSQL error (`ENOENT`, `57P03`), else an empty string. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** What an unknown thrown value says, on one line. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').trim();
}
