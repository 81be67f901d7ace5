import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Default, Ref } from '#schemas/types.js';
import { tag, User, UserPublic, UserView } from '#schemas/users.js';
import { ApiError } from '#src/errors.js';
import { csvOf, jsonArrayOf } from '#src/lib/export-formats.js';
import { Limiter } from '#src/lib/limiter.js';
import { networkOf } from '#src/lib/network.js';
import { type TransferLimits, watchTransfer } from '#src/lib/transfer-watch.js';
import { exportUsers, usersAudience } from '#src/people/services/users.js';
import { readersOf, type UserRoutesOptions } from './users.js';

/**
 * The maximum number of parallel exports, each of which reads and formats all users. Anonymous
 * callers, users and administrators have separate places, which the others cannot take.
 */
const PLACES = { anonymous: 2, users: 2, administrators: 2 };

/**
 * A client that takes less than this loses its place, and any client after some minutes. Progress is
 * seen in steps of up to a third of the system's send buffer, which is 4 MiB at most: a client that
 * reads 100 KiB a second makes one within the window.
 */
const TRANSFER: TransferLimits = { window: 20_000, minBytes: 256 * 1024, lifetime: 5 * 60_000 };

/** Users have longer, as the places of callers without an account are in more demand. */
const USER_LIFETIME_MS = 15 * 60_000;

const tags = [tag.name];
const whoSeesWhat =
  'Administrators get all users with all fields; everyone else gets the public fields of ' +
  'active users. The users are sorted by id and streamed, so their number is not limited. Each ' +
  'user, and each network of callers without an account, can run one export at a time; another one ' +
  'gets 429. Few exports run at once: beyond that, the response is 503. A client that reads less ' +
  'than 100 KiB a second may be disconnected, and so is every client after 15 minutes, or 5 ' +
  'without an account. The connection is then closed in the middle of the response, as it is if a ' +
  'user cannot be read.';

const CsvQuery = Type.Object({
  bom: Default(
    Type.Boolean({
      description: 'Whether to begin with a byte order mark, which Excel needs to read UTF-8',
    }),
    false,
  ),
});

const operations = {
  json: {
    operationId: 'users-export-json',
    summary: 'Export users as JSON',
    description: `Returns all users in one array. ${whoSeesWhat}`,
    tags,
    response: {
      200: {
        description: 'All users',
        content: { 'application/json': { schema: Type.Array(UserView) } },
      },
    },
  },
  csv: {
    operationId: 'users-export-csv',
    summary: 'Export users as CSV',
    description:
      'Returns all users as a table with a header line. Tags are joined by `, `, the address ' +
      'is JSON. Formulas are disarmed: an apostrophe stands before each text that a spreadsheet ' +
      `would calculate. ${whoSeesWhat}`,
    tags,
    querystring: CsvQuery,
    response: {
      200: {
        description: 'All users',
        content: {
          'text/csv': {
            schema: { type: 'string', examples: ['id,username\r\n1,alice\r\n'] },
          },
        },
      },
    },
  },
} as const;

const serializedAs = { full: Ref(User), public: Ref(UserPublic) };
/** An export is a stream, so it leaves nothing out. */
function columnNames({ properties }: { properties: object }): string[] {
  return Object.keys(properties).filter((name) => name !== 'is_truncated');
}

const columnsOf = {
  full: columnNames(User),
  public: columnNames(UserPublic),
};

export interface UserExportsOptions extends Pick<UserRoutesOptions, 'isPublic'> {
  /** Overrides the limits of a transfer. */
  limits?: Partial<TransferLimits> | undefined;
}

const routes: FastifyPluginAsyncTypebox<UserExportsOptions> = async (app, { isPublic, limits }) => {
  const limiters = {
    anonymous: new Limiter(PLACES.anonymous),
    users: new Limiter(PLACES.users),
    administrators: new Limiter(PLACES.administrators),
  };
  const config = {
    ...readersOf(isPublic),
    limit: { perMinute: 30 },
    sends: ['Content-Disposition'],
  } as const;

  app.get('/export.json', { schema: operations.json, config }, (request, reply) => {
    const toJson = reply.compileSerializationSchema(serializedAs[usersAudience(request.viewer)]);
    reply.type('application/json; charset=utf-8');
    reply.header('content-disposition', 'attachment; filename=users.json');
    send(request, reply, (lists) => jsonArrayOf(lists, toJson));
  });

  app.get('/export.csv', { schema: operations.csv, config }, (request, reply) => {
    reply.type('text/csv; charset=utf-8');
    reply.header('content-disposition', 'attachment; filename=users.csv');
    const { bom } = request.query;
    const columns = columnsOf[usersAudience(request.viewer)];
    send(request, reply, (lists) => csvOf(lists, columns, { bom }));
  });

  function enter({ viewer, address }: FastifyRequest) {
    if (viewer === null) return limiters.anonymous.enter(networkOf(address));
    const limiter = usersAudience(viewer) === 'full' ? limiters.administrators : limiters.users;
    return limiter.enter(String(viewer.id));
  }

  function send(
    request: FastifyRequest,
    reply: FastifyReply,
    format: (lists: ReturnType<typeof exportUsers>) => AsyncGenerator<string>,
  ): void {
    if (request.method === 'HEAD') {
      // A stream, as for GET: its length is unknown, not zero.
      reply.send(Readable.from([]));
      return;
    }
    const { viewer } = request;
    const leave = enter(request);
    if (leave === 'each') throw new ApiError('too_many_exports');
    if (leave === 'total') throw new ApiError('too_busy');
    const lifetime = viewer === null ? TRANSFER.lifetime : USER_LIFETIME_MS;
    watchTransfer(reply.raw, { ...TRANSFER, lifetime, ...limits }, (reason) =>
      request.log.warn({ reason }, 'export ended'),
    );
    // The place is free as soon as the connection is gone, even while the database is slow.
    reply.raw.once('close', leave);
    const text = format(andThen(exportUsers(request.context()), leave));
    const stream = Readable.from(text, { objectMode: false });
    stream.once('error', (error) => {
      request.log.warn({ err: error }, 'export aborted');
      // HTTP/1.0 has no chunks: a plain end of the connection would look like that of the body.
      const { headersSent, socket, req } = reply.raw;
      if (headersSent && req.httpVersion === '1.0' && socket !== null) reset(socket);
    });
    reply.send(stream);
  }
};

function reset(socket: Socket): void {
  // By default, it ends the connection first, and the client may read that end before the reset.
  socket.destroySoon = () => {
    socket.destroy();
  };
  socket.resetAndDestroy();
}

/** Yields the items and calls `done` before the consumer sees their end. */
async function* andThen<T>(items: AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    done();
  }
}

export default routes;
