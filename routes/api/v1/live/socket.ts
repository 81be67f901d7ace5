import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import {
  CLOSE,
  MAX_MESSAGE_BYTES,
  type SocketLimits,
  superviseSocket,
} from '#plugins/websocket.js';
import { LiveClientMessage, LiveDoor, LiveServerMessage, MAX_TOPICS } from '#schemas/live.js';
import { Ref } from '#schemas/types.js';
import { ApiError, toErrorResponse } from '#src/errors.js';
import { languageOf } from '#src/lib/messages/index.js';
import {
  compileBody,
  type Definitions,
  parseJson,
  type Validated,
  writeExactJson,
} from '#src/lib/validation/index.js';
import { Conversation } from '#src/live/services/conversation.js';
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

const operation = {
  operationId: 'live-ws',
  summary: 'Open a WebSocket for live updates',
  description:
    'Opens a WebSocket with `Upgrade: websocket` (RFC 6455), over which clients subscribe to ' +
    'topics and receive events; the guide describes the messages. Without `Upgrade`, returns how ' +
    'to connect. A cookie authenticates the connection if the page has the origin of the service ' +
    'or one of `CORS_ORIGINS`; a token is sent in a `sign_in` message, never in the URL. A ' +
    `WebSocket is closed with code ${CLOSE.tryLater} if the user has ${MAX_CONNECTIONS} others or ` +
    `the client does not read, with ${CLOSE.unauthorized} when its credential ends, and with ` +
    `${CLOSE.policyViolation} after more than ${LIMITS.maxMessages} messages within ` +
    `${LIMITS.rateWindow / 1000} seconds. Clients must answer pings, as browsers do.`,
  tags,
  response: { 200: Ref(LiveDoor) },
  // OpenAPI describes no messages, but generators find their types here.
  'x-websocket': {
    asyncapi: '/asyncapi.json',
    client: { $ref: `#/components/schemas/${LiveClientMessage.$id}` },
    service: { $ref: `#/components/schemas/${LiveServerMessage.$id}` },
  },
} as const;

export interface LiveSocketOptions {
  connections: Connections;
  /** Origins of pages, apart from the own one, that may connect with a cookie. */
  origins: readonly string[];
  /** Overrides the limits of WebSockets. */
  limits?: Partial<SocketLimits> | undefined;
}

/** Live updates over a WebSocket. */
const routes: FastifyPluginAsyncTypebox<LiveSocketOptions> = async (
  app,
  { connections, origins, limits },
) => {
  const { feed } = app.live;
  let parse: (text: string) => Validated<LiveClientMessage>;
  app.addHook('onReady', async () => {
    parse = parserOf(app.getSchemas() as Definitions);
  });

  app.route({
    method: 'GET',
    url: '/ws',
    schema: operation,
    config: ACCESS,
    preHandler: async (request) => {
      if (request.ws && isForeign(request, origins)) throw new ApiError('forbidden');
    },
    handler: async ({ protocol, givenHost }) => {
      await feed.start();
      return {
        url: `${protocol === 'https' ? 'wss' : 'ws'}://${givenHost}${app.prefix}/ws`,
        max_message_bytes: MAX_MESSAGE_BYTES,
        max_topics: MAX_TOPICS,
        position: feed.position,
      };
    },
    wsHandler: (socket, request) => {
      const isOpen = () => socket.readyState === socket.OPEN;
      let leave: () => void;
      try {
        leave = connections.enter(request.viewer, request, isOpen);
      } catch {
        socket.close(CLOSE.tryLater, 'Too many connections');
        return;
      }
      superviseSocket(socket, { ...LIMITS, ...limits });
      const send = (text: string) => {
        if (isOpen()) socket.send(text);
      };
      // The value of an error item may be an integer that `JSON.stringify` cannot write.
      const say = (message: LiveServerMessage) => send(writeExactJson(message) ?? '');
      const isFull = () => socket.bufferedAmount > MAX_BUFFERED;
      const whenDrained = () =>
        drained({
          size: () => (isOpen() ? socket.bufferedAmount : 0),
          giveUp: () => {
            socket.close(CLOSE.tryLater, 'Reads too slowly');
            client.close();
          },
        });
      const client = new LiveClient({
        feed,
        viewer: request.viewer,
        connection: {
          event: (_id, json) => send(`{"type":"event","event":${json}}`),
          resync: (position) => say({ type: 'resync', position }),
          isFull,
          drained: whenDrained,
        },
        onFault: (err) => request.log.warn({ err }, 'could not read missed events'),
      });
      const presence = app.live.presenceOf({
        viewer: () => client.viewer,
        // The list is an object; its text is shared by all clients.
        send: (list) => send(`{"type":"presence",${list.slice(1)}`),
        isFull,
        drained: whenDrained,
      });
      const language = languageOf(request.headers['accept-language']);
      const conversation = new Conversation({
        client,
        presence,
        parse,
        describe: (error) => {
          const of = { requestId: request.id, place: 'body', language } as const;
          const { status, body } = toErrorResponse(error, of);
          if (status >= 500) request.log.error({ err: error }, 'a live message failed');
          if ('code' in body) return { code: body.code, detail: body.detail };
          return { code: 'invalid_message', detail: body.detail };
        },
        signIn: async (token) => {
          const viewer = await app.identify(token, request, ACCESS.scope);
          const isNew = client.viewer === null;
          client.signIn(viewer);
          app.live.checkSoon();
          if (!isNew || !isOpen()) return;
          const enterAsUser = connections.enter(viewer, request, isOpen);
          leave();
          leave = enterAsUser;
        },
        send: say,
        onFault: (err) => {
          request.log.error({ err }, 'a live message failed');
          socket.terminate();
        },
        onFlood: () => socket.close(CLOSE.policyViolation, 'Too many messages'),
      });
      const release = app.live.supervise(client, {
        onEnd: () => socket.close(CLOSE.unauthorized, 'The credential has ended'),
        // The plugin closes all WebSockets.
        onShutdown: () => undefined,
      });
      socket.on('message', (data, isBinary) => {
        if (!isOpen()) return;
        if (isBinary) socket.close(CLOSE.unsupported, 'Text only');
        else conversation.receive(String(data));
      });
      socket.on('close', () => {
        leave();
        release();
        conversation.end();
        client.close();
        presence.close();
      });
      conversation.begin();
    },
  });
};

/** Whether a page of another origin would act with the cookie of its visitor. */
function isForeign(
  { headers: { origin }, protocol, givenHost, viewer }: FastifyRequest,
  origins: readonly string[],
): boolean {
  if (viewer?.credential.kind !== 'session' || origin === undefined) return false;
  return origin !== `${protocol}://${givenHost}` && !origins.includes(origin);
}

function parserOf(definitions: Definitions): (text: string) => Validated<LiveClientMessage> {
  const validate = compileBody({ schema: LiveClientMessage, definitions });
  return (text) => {
    const parsed = parseJson(text);
    if ('error' in parsed) return { errors: [parsed.error] };
    if ('unreadable' in parsed) throw new ApiError('unparsable_body');
    return validate({ kind: 'json', ...parsed }) as Validated<LiveClientMessage>;
  };
}

export default routes;
