import { PassThrough } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { beginEventStream } from '#plugins/replies.js';
import { EventStreamQuery, LastEventIdHeaders } from '#schemas/live.js';
import { ApiError } from '#src/errors.js';
import { LiveClient } from '#src/live/services/live-client.js';
import {
  ACCESS,
  type Connections,
  drained,
  LIMITS,
  MAX_BUFFERED,
  MAX_CONNECTIONS,
  tags,
} from './connections.js';

/** Milliseconds between two comments in a stream, which keep proxies from ending it. */
const HEARTBEAT_MS = 15_000;

/** Milliseconds after which a browser whose stream has ended connects again. */
const RETRY_MS = 2000;

const operation = {
  operationId: 'live-events',
  summary: 'Stream live updates',
  description:
    'Sends the events of the topics as server-sent events, each with its `id` and a `LiveEvent` ' +
    'as `data`. The stream begins with an event `subscribed`, with the position in `data`. After ' +
    'a lost connection, browsers send `Last-Event-ID` and get what they have missed; if that is ' +
    'no longer there, an event `resync` says so: read what you show again. Events `presence`, ' +
    'without an id, list the users who look at a project or task. Set `max_seconds` to see a ' +
    'stream on a page that shows only whole responses. The stream ends when its credential does. It answers 429 if the user, or the network of a caller without one, ' +
    `has ${MAX_CONNECTIONS} others.`,
  tags,
  querystring: EventStreamQuery,
  headers: LastEventIdHeaders,
  response: {
    200: {
      description: 'The events',
      content: {
        'text/event-stream': {
          schema: {
            type: 'string',
            examples: ['id: 4711\ndata: {"id":4711,"type":"post.changed"}\n\n'],
          },
        },
      },
    },
  },
} as const;

/**
 * Live updates as server-sent events.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
const routes: FastifyPluginAsyncTypebox<{ connections: Connections }> = async (
  app,
  { connections },
) => {
  const { feed } = app.live;

  app.get('/events', { schema: operation, config: ACCESS }, async (request, reply) => {
    const { topics, since = null, max_seconds, client_id = null } = request.query;
    const { viewer } = request;
    if (topics.includes('me') && viewer === null) throw new ApiError('not_authenticated');
    if (request.method === 'HEAD') return beginEventStream(reply).send();
    const leave = connections.enter(viewer, request, () => !reply.raw.destroyed);
    const stream = new PassThrough();
    const write = (text: string) => {
      if (!stream.writableEnded && !stream.destroyed) stream.write(text);
    };
    const isFull = () => stream.writableLength + reply.raw.writableLength > MAX_BUFFERED;
    const whenDrained = () =>
      drained({
        size: () =>
          stream.destroyed || reply.raw.destroyed
            ? 0
            : stream.writableLength + reply.raw.writableLength,
        // The client connects again, and gets what it has missed.
        giveUp: () => stream.destroy(),
      });
    const client = new LiveClient({
      feed,
      viewer,
      clientId: client_id,
      connection: {
        event: (id, json) => write(`id: ${id}\ndata: ${json}\n\n`),
        resync: (position) =>
          write(`event: resync\nid: ${position}\ndata: ${JSON.stringify({ position })}\n\n`),
        isFull,
        drained: whenDrained,
      },
      onFault: (err) => request.log.warn({ err }, 'could not read missed events'),
    });
    // Without an id, so that the one of the last event stays what it is.
    const presence = app.live.presenceOf({
      viewer: () => client.viewer,
      send: (list) => write(`event: presence\ndata: ${list}\n\n`),
      isFull,
      drained: whenDrained,
    });
    const release = app.live.supervise(client, {
      onEnd: () => stream.end(),
      onShutdown: () => stream.end(),
    });
    const heartbeat = setInterval(() => {
      const { position } = client;
      // Without data, it only sets the id of the last event.
      write(position === null ? ':\n\n' : `id: ${position}\n\n`);
    }, HEARTBEAT_MS).unref();
    let end: NodeJS.Timeout | undefined;
    let isOver = false;
    function cleanUp(): void {
      isOver = true;
      clearInterval(heartbeat);
      clearTimeout(end);
      leave();
      release();
      client.close();
      presence.close();
      stream.destroy();
    }
    reply.raw.once('close', cleanUp);
    try {
      const last = request.headers['last-event-id'];
      const from = last === undefined ? since : Number(last);
      const { position, replay } = await client.subscribe(topics, from);
      // The client may have left before, and then no event says so.
      if (isOver || reply.raw.destroyed || request.socket.destroyed) {
        cleanUp();
        return reply.hijack();
      }
      // The stream has limits of its own, and no end that would free its place.
      request.leaveFlight?.();
      request.leaveFlight = null;
      const data = JSON.stringify({ topics, position });
      write(`retry: ${RETRY_MS}\nevent: subscribed\nid: ${position}\ndata: ${data}\n\n`);
      presence.watch(topics);
      const lifetime = max_seconds === undefined ? LIMITS.lifetime : max_seconds * 1000;
      void replay().then(() => {
        if (!isOver) end = setTimeout(() => stream.end(), lifetime);
      });
    } catch (error) {
      cleanUp();
      throw error;
    }
    return beginEventStream(reply).send(stream);
  });
};

export default routes;
