import { ApiError } from '#src/errors.js';
import { ifMatchHasVersion } from '#src/lib/entity-tag.js';
import type { Context } from './context.js';

/**
 * Rejects a change if the resource has changed since the client read it (RFC 9110, section 13.1.1).
 * Call it while the resource is locked.
 *
 * @param tagOf returns the current entity tag of the resource, which is sent with the error
 * @throws ApiError precondition_failed
 */
export async function assertUnchanged(
  { ifMatch }: Pick<Context, 'ifMatch'>,
  { version }: { version: number },
  tagOf: () => string | Promise<string>,
): Promise<void> {
  if (ifMatch === undefined || ifMatchHasVersion(ifMatch, version)) return;
  throw new ApiError('precondition_failed', { headers: { etag: await tagOf() } });
}
