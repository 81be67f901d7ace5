/**
 * The embedded PostgreSQL could not be started or stopped. The message is one sentence with the
 * cause and the remedy, suitable to be shown without a stack; `cause` is the original error, if
 * any.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name: string = 'EmbeddedPostgresError';
}

/** A live process, possibly this one, owns the data directory. */
export class DirectoryInUseError extends EmbeddedPostgresError {}

/** Last clause of error messages: the remedy that always works. */
export const USE_OWN_SERVER = 'or set DATABASE_URL to use a PostgreSQL server of your own';

/** Returns the `code` of a system or PostgreSQL error (`ENOENT`, `57P03`), or an empty string. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Returns the message of a thrown value on one line. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').trim();
}
