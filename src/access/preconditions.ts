import { ApiError } from '#src/errors.js';
import { ifMatchHasVersion } from '#src/lib/entity-tag.js';

/** To which state of the resource a change is meant. */
export interface Precondition {
  /** The If-Match field of the request. */
  ifMatch?: string | undefined;
}

/**
 * To be called while the resource is locked.
 *
 * @param tagOf the entity tag that the resource has now, told to whoever has missed a change
 * @throws ApiError precondition_failed if the resource has changed since it was read
 */
export async function assertUnchanged(
  { ifMatch }: Precondition,
  { version }: { version: number },
  tagOf: () => string | Promise<string>,
): Promise<void> {
  if (ifMatch === undefined || ifMatchHasVersion(ifMatch, version)) return;
  throw new ApiError('precondition_failed', { headers: { etag: await tagOf() } });
}
