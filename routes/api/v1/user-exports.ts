import { pipeline, Readable, type Transform } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Ref } from '#schemas/types.js';
import { tag, User, UserPublic, UserView } from '#schemas/users.js';
import { ApiError } from '#src/errors.js';
import { csvStream, jsonArrayStream } from '#src/lib/export-streams.js';
import { Limiter } from '#src/lib/limiter.js';
import { exportUsers, usersAudience } from '#src/people/services/users.js';

/**
 * Each export holds a database connection while it runs; the pool is there for others too. Those
 * who are signed in have places of their own, so that strangers cannot take them all.
 */
const PLACES = { anonymous: 2, signedIn: 2 };

const MINUTE_MS = 60_000;

/** However slowly it is read, an export ends after this time. */
const MAX_DURATION_MS = 15 * MINUTE_MS;

/** A reader who takes nothing for so long is gone. */
const STALLED_AFTER_MS = 30_000;

const tags = [tag.name];
const whoSeesWhat =
  'Administrators get all users whole; everyone else the public fields of the active ones. ' +
  'The users come by id, streamed, so their number does not matter.';

const operations = {
  json: {
    operationId: 'users-export-json',
    summary: 'Export users as JSON',
    description: `All users in one array. ${whoSeesWhat}`,
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
    description: `All users in a table with a header line; tags are joined by \`;\`, the address is JSON. ${whoSeesWhat}`,
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

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const gates = {
    anonymous: new Limiter(PLACES.anonymous),
    signedIn: new Limiter(PLACES.signedIn),
  };
  const config = {
    scope: 'users:read',
    rateLimit: { max: 30, timeWindow: '1 minute' },
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
      // A stream, as GET has it: of that the length is not known, rather than zero.
      reply.send(Readable.from([]));
      return;
    }
    const leave =
      request.viewer === null
        ? gates.anonymous.enter(request.ip)
        : gates.signedIn.enter(String(request.viewer.id));
    if (leave === null) {
      throw new ApiError('too_many_exports');
    }
    reply.raw.setTimeout(STALLED_AFTER_MS, () => reply.raw.destroy());
    const users = Readable.from(andThen(exportUsers(request.context(), MAX_DURATION_MS), leave));
    // When one end breaks off, the pipeline ends the other, and with it the database cursor; also
    // one that nobody had begun to read.
    const stream = pipeline(users, format(), (error) => {
      leave();
      if (error) request.log.warn({ err: error }, 'an export broke off');
    });
    reply.send(stream);
  }
};

/** The items; `done` is called before whoever reads them sees their end. */
async function* andThen<T>(items: AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    done();
  }
}

export default routes;
