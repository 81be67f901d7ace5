import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { beginEventStream } from '#plugins/replies.js';
import { ApiError } from '#src/errors.js';
import { Limiter } from '#src/lib/limiter.js';
import { networkOf } from '#src/lib/network.js';
import { tags } from './tags.js';

const EVENTS = 10;
const INTERVAL_MS = 500;
const MAX_STREAMS_AT_ONCE = 100;

const operation = {
  operationId: 'playground-stream',
  summary: 'Stream server-sent events',
  description:
    `Sends ${EVENTS} events, ${INTERVAL_MS / 1000} s apart, as \`text/event-stream\`, and ` +
    'then ends the stream. The stream also ends when the client disconnects. One stream at a time ' +
    'is open per user, and per network of callers without a session; others get 429. If ' +
    `${MAX_STREAMS_AT_ONCE} streams are open, the response is 503.`,
  tags,
  response: {
    200: {
      description: 'The events',
      content: {
        'text/event-stream': {
          schema: {
            type: 'string',
            examples: ['data: {"count":0,"timestamp":"2026-01-31T09:30:00.000Z"}\n\n'],
          },
        },
      },
    },
  },
} as const;

/** One stream per user, and one per network of callers without a session. */
function holderOf({ viewer, address }: FastifyRequest): string {
  return viewer === null ? `network:${networkOf(address)}` : `user:${viewer.id}`;
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
const routes: FastifyPluginAsync = async (app) => {
  const limiter = new Limiter(MAX_STREAMS_AT_ONCE);

  async function* countEvents(): AsyncGenerator<string> {
    // During a graceful shutdown, the stream goes on like every running request.
    for (let count = 0; count < EVENTS; count += 1) {
      if (count > 0) await sleep(INTERVAL_MS);
      yield `data: ${JSON.stringify({ count, timestamp: app.clock().toISOString() })}\n\n`;
    }
  }

  app.get('/stream', { schema: operation }, async (request, reply) => {
    beginEventStream(reply);
    if (request.method === 'HEAD') return reply.send();
    const leave = limiter.enter(holderOf(request));
    if (leave === 'each') throw new ApiError('too_many_streams');
    if (leave === 'total') throw new ApiError('too_busy');
    // A client that comes back at once must not wait for the end of the interval.
    reply.raw.once('close', leave);
    return reply.send(Readable.from(countEvents()));
  });
};

export default routes;
