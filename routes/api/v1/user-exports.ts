import { addAbortSignal, pipeline, Readable, type Transform } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Ref } from '#schemas/types.js';
import { tag, User, UserPublic, UserView } from '#schemas/users.js';
import { ApiError } from '#src/errors.js';
import { csvStream, jsonArrayStream } from '#src/lib/export-streams.js';
import { Limiter } from '#src/lib/limiter.js';
import { exportUsers, usersAudience } from '#src/people/services/users.js';
import { readersOf, type UserRoutesOptions } from './users.js';

/**
 * The maximum number of parallel exports, each of which reads and formats all users. Signed-in users
 * have separate places, which anonymous callers cannot take.
 */
const PLACES = { anonymous: 2, signedIn: 2 };

const MINUTE_MS = 60_000;

/** The maximum duration of an export, however slowly the client reads. */
const MAX_DURATION_MS = 15 * MINUTE_MS;

/** An export is aborted if the client reads nothing for this long. */
const STALLED_AFTER_MS = 30_000;

const tags = [tag.name];
const whoSeesWhat =
  'Administrators get all users with all fields; everyone else gets the public fields of ' +
  'active users. The users are sorted by id and streamed, so their number is not limited.';

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
      'Returns all users as a table with a header line. Tags are joined by `;`, the address ' +
      `is JSON. ${whoSeesWhat}`,
    tags,
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
const columnsOf = {
  full: Object.keys(User.properties),
  public: Object.keys(UserPublic.properties),
};

const routes: FastifyPluginAsyncTypebox<UserRoutesOptions> = async (app, { isPublic }) => {
  const gates = {
    anonymous: new Limiter(PLACES.anonymous),
    signedIn: new Limiter(PLACES.signedIn),
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
    send(request, reply, () => jsonArrayStream(toJson));
  });

  app.get('/export.csv', { schema: operations.csv, config }, (request, reply) => {
    reply.type('text/csv; charset=utf-8');
    reply.header('content-disposition', 'attachment; filename=users.csv');
    send(request, reply, () => csvStream(columnsOf[usersAudience(request.viewer)]));
  });

  function send(request: FastifyRequest, reply: FastifyReply, format: () => Transform): void {
    if (request.method === 'HEAD') {
      // A stream, as for GET: its length is unknown, not zero.
      reply.send(Readable.from([]));
      return;
    }
    const leave =
      request.viewer === null
        ? gates.anonymous.enter(request.address)
        : gates.signedIn.enter(String(request.viewer.id));
    if (leave === null) {
      throw new ApiError('too_many_exports');
    }
    reply.raw.setTimeout(STALLED_AFTER_MS, () => reply.raw.destroy());
    const users = addAbortSignal(
      AbortSignal.timeout(MAX_DURATION_MS),
      Readable.from(andThen(exportUsers(request.context()), leave)),
    );
    // If either end fails, the pipeline destroys the other.
    const stream = pipeline(users, format(), (error) => {
      leave();
      if (error) request.log.warn({ err: error }, 'export aborted');
    });
    reply.send(stream);
  }
};

/** Yields the items and calls `done` before the consumer sees their end. */
async function* andThen<T>(items: AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    done();
  }
}

export default routes;
