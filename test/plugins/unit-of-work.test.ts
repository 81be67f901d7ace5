import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { withFolded } from '#src/db/folded-columns.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { createTestApp } from '#test/support/app.js';

const named = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string' } },
} as const;

interface Query {
  username: string;
  fault?: 'response' | 'refusal';
}

/** Operations that store a user, and then fail as told. */
function routes(app: FastifyInstance) {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    app.route<{ Querystring: Query }>({
      method,
      url: '/stored',
      schema: { hide: true, response: { '2xx': named } },
      config: { csrf: false },
      handler: async (request) => {
        const { username, fault } = request.query;
        const context = request.context();
        await inTransaction(context, ({ db }) =>
          db.insertInto('users').values(withFolded({ username })).execute(),
        );
        const seen = await context.db
          .selectFrom('users')
          .select('username')
          .where('username', '=', username)
          .execute();
        if (fault === 'refusal') throw new ApiError('forbidden');
        return fault === 'response' ? {} : { name: seen.map(({ username }) => username).join() };
      },
    });
  }
}

const { app, client } = await createTestApp(t, { DB_POOL_MIN: 0, DB_POOL_MAX: 1 }, { routes });
const anyone = client();

async function isStored(username: string): Promise<boolean> {
  const { rows } = await app.pg.query('select 1 from users where username = $1', [username]);
  return rows.length === 1;
}

for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
  const send = (query: string, headers = {}) =>
    anyone.request({ method, url: `/stored?${query}`, headers });

  t.test(`${method}: reads its own changes, on one connection, and commits`, async (t) => {
    const { status, headers, json } = await send(`username=${method}1`);
    t.match(
      { status, headers, json },
      {
        status: 200,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        json: { name: `${method}1` },
      },
    );
    t.ok(await isStored(`${method}1`));
  });

  t.test(`${method}: stores nothing if the response cannot be serialized`, async (t) => {
    t.equal((await send(`username=${method}2&fault=response`)).status, 500);
    t.notOk(await isStored(`${method}2`));
    t.equal((await send(`username=${method}2`)).status, 200, 'the connection is free again');
  });

  t.test(`${method}: keeps what was completed before a refusal`, async (t) => {
    t.equal((await send(`username=${method}3&fault=refusal`)).status, 403);
    t.ok(await isStored(`${method}3`));
  });
}

t.test('with a key, neither a failed response nor a refusal stores anything', async (t) => {
  for (const fault of ['response', 'refusal']) {
    const send = (query: string) =>
      anyone.post(`/stored?username=${fault}${query}`, undefined, { 'idempotency-key': 'once' });
    t.equal((await send(`&fault=${fault}`)).status, fault === 'response' ? 500 : 403);
    t.notOk(await isStored(fault));
  }
  const retried = await anyone.post('/stored?username=retried', undefined, {
    'idempotency-key': 'once',
  });
  t.match(retried, { status: 200, json: { name: 'retried' } }, 'the key is free again');
});
