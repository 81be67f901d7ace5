import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { SOCKET_LIMITS, type SocketLimits } from '#plugins/websocket.js';
import { tag } from '#schemas/live.js';
import type { Viewer } from '#src/access/viewer.js';
import { ApiError } from '#src/errors.js';
import { Limiter } from '#src/lib/limiter.js';
import { networkOf } from '#src/lib/network.js';

export const tags = [tag.name];

/** Keys need this scope, and those of what they receive. */
export const ACCESS = { scope: 'live:read' } as const;

/** Maximum number of live connections of a user, and of a network without a user. */
export const MAX_CONNECTIONS = 20;

/** Bytes that a client is sent before it reads them, and how long it may read nothing. */
export const MAX_BUFFERED = 32 * 1024;
const UNREAD_MS = 30_000;

/** Milliseconds between two looks whether a client has read. */
const DRAIN_MS = 10;

const DAY_MS = 24 * 60 * 60 * 1000;

/** A client says nothing for as long as it has nothing to say. */
export const LIMITS: SocketLimits = { ...SOCKET_LIMITS, idle: DAY_MS, lifetime: DAY_MS };

/** The live connections of this process. */
export class Connections {
  readonly #limiter = new Limiter(Number.POSITIVE_INFINITY, MAX_CONNECTIONS);

  /**
   * Counts a connection as one of the user, or of the network without a user.
   *
   * @param isOpen whether it still counts
   * @returns a function to call when it ends
   * @throws ApiError too_many_live
   */
  enter(
    viewer: Viewer | null,
    { address }: Pick<FastifyRequest, 'address'>,
    isOpen: () => boolean,
  ): () => void {
    const who = viewer === null ? `network ${networkOf(address)}` : `user ${viewer.id}`;
    const leave = this.#limiter.enter(who, isOpen);
    if (typeof leave === 'string') throw new ApiError('too_many_live');
    return leave;
  }
}

/**
 * Resolves when the client has read most of what it was sent. Gives up if it reads nothing for a
 * while.
 */
export async function drained({ size, giveUp }: { size: () => number; giveUp: () => void }) {
  let [least, since] = [size(), performance.now()];
  while (size() > MAX_BUFFERED / 2) {
    await sleep(DRAIN_MS, undefined, { ref: false });
    const now = performance.now();
    const left = size();
    if (left < least) [least, since] = [left, now];
    else if (now - since > UNREAD_MS) return giveUp();
  }
}
