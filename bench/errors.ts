import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '#app/app.js';
import { parseConfig } from '#app/config.js';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import type { JsonSchema } from '#src/lib/validation/index.js';
import { hashPassword } from '#src/people/services/passwords.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { jobQueue } from '#src/queue/install.js';
import { type Attack, attacksOn } from './hostile-bodies.js';
import { median } from './side-by-side.js';

const KIB = 1024;
/** Smaller requests are ignored: describing a single error already takes a hundred bytes. */
const SMALL = 4 * KIB;
const PASSWORD = 'BenchPass123!';

type Send = (body: string, contentType: string) => Promise<Measured>;

interface Measured {
  status: number;
  milliseconds: number;
  bytes: number;
  errors: number;
}

interface Operation {
  name: string;
  schema: JsonSchema;
  send: Send;
}

/** `errors`: measures the cost of bodies full of errors against valid bodies of the same size. */
export function benchErrors(): Command {
  return new Command('errors')
    .description('the largest bodies with the most errors against valid ones; prints time and size')
    .option('--rounds <n>', 'requests of each', Number, 3)
    .option('--only <text>', 'operations whose name contains this', '')
    .action(async ({ rounds, only }: { rounds: number; only: string }) => {
      await withApp(async (app, bodyLimit) => {
        const signedIn = await signIn(app);
        let worst = { factor: 0, name: '' };
        for (const { name, schema, send } of operationsOf(app, signedIn)) {
          if (!name.includes(only)) continue;
          const resolve = (ref: string) => resolveIn(app, ref);
          const limit = await findLimit(send, bodyLimit);
          for (const attack of attacksOn(schema, resolve, limit)) {
            const factor = await measure(name, attack, send, rounds);
            if (factor > worst.factor) worst = { factor, name: `${name}, ${attack.name}` };
          }
        }
        console.log(`largest answer: ${worst.factor.toFixed(2)} times its request (${worst.name})`);
      });
    });
}

/**
 * Finds the body limit of an operation in bytes by bisection, since a route may have its own limit.
 */
async function findLimit(send: Send, most: number): Promise<number> {
  let [accepted, refused] = [0, most + 1];
  while (refused - accepted > 1) {
    const size = Math.floor((accepted + refused) / 2);
    const { status } = await send(' '.repeat(size), 'application/json');
    if (status === 413) refused = size;
    else accepted = size;
  }
  return accepted;
}

/** Prints both costs; returns the ratio of response size to request size. */
async function measure(name: string, attack: Attack, send: Send, rounds: number): Promise<number> {
  const { body, twin, contentType } = attack;
  const wrong: Measured[] = [];
  const valid: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    wrong.push(await send(body, contentType));
    valid.push(await send(twin(), 'application/json'));
  }
  const [cost, twinCost] = [wrong, valid].map((each) =>
    median(each.map(({ milliseconds }) => milliseconds)),
  ) as [number, number];
  const { status = 0, bytes = 0, errors = 0 } = wrong[0] ?? {};
  const size = Buffer.byteLength(body);
  console.log(
    `${name}, ${attack.name}: ${kib(size)}, ${status} in ${cost.toFixed(1)} ms, ` +
      `valid ${twinCost.toFixed(1)} ms (${valid[0]?.status}), ${(cost / twinCost).toFixed(2)} times; ` +
      `${errors} errors in ${kib(bytes)}, ${(bytes / size).toFixed(2)} times the request`,
  );
  return size >= SMALL ? bytes / size : 0;
}

async function withApp(
  work: (app: FastifyInstance, bodyLimit: number) => Promise<void>,
): Promise<void> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'althing-bench-'));
  const database = await startEmbeddedPostgres({ dataDirectory });
  try {
    await migrateUp(database.url, readMigrations(), [jobQueue]);
    const config = parseConfig({
      LOG_LEVEL: 'silent',
      RATE_LIMIT: '1000000',
      LOGIN_RATE_LIMIT: '1000000',
      ARTICLE_RATE_LIMIT: '1000000',
      COMMENT_RATE_LIMIT: '1000000',
    });
    const app = await buildApp(config, {
      databaseUrl: database.url,
      secretKey: 'a secret key for measurements only',
      tokenSecrets: ['a token secret for measurements only'],
    });
    await app.ready();
    try {
      await work(app, config.BODY_LIMIT);
    } finally {
      await app.close();
    }
  } finally {
    await database.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

async function signIn(app: FastifyInstance): Promise<Record<string, string>> {
  const password_hash = await hashPassword(PASSWORD);
  await insertUser(app.db, { username: 'bench', role: 'admin', password_hash });
  const login = { username: 'bench', password: PASSWORD };
  const signedIn = await app.inject({ method: 'POST', url: '/api/v1/auth/login', payload: login });
  const cookies = Object.fromEntries(signedIn.cookies.map(({ name, value }) => [name, value]));
  const csrf = await app.inject({ url: '/api/v1/auth/csrf', cookies });
  for (const { name, value } of csrf.cookies) cookies[name] = value;
  const cookie = Object.entries(cookies).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  return { cookie: cookie.join('; '), 'x-csrf-token': csrf.json().csrf_token };
}

/** Returns every operation of the app that takes JSON. */
function operationsOf(app: FastifyInstance, headers: Record<string, string>): Operation[] {
  const paths = app.swagger().paths as Record<string, Record<string, JsonOperation>>;
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { requestBody }]) => {
      const schema = requestBody?.content['application/json']?.schema;
      if (schema === undefined) return [];
      const url = path.replace(/\{\w+\}/g, '1');
      const send = senderTo(app, method.toUpperCase(), url, headers);
      return [{ name: `${method.toUpperCase()} ${path}`, schema, send }];
    }),
  );
}

interface JsonOperation {
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

function senderTo(
  app: FastifyInstance,
  method: string,
  url: string,
  headers: Record<string, string>,
): Send {
  return async (payload, contentType) => {
    const begin = performance.now();
    const response = await app.inject({
      method: method as 'POST',
      url,
      headers: { ...headers, 'content-type': contentType },
      payload,
    });
    const milliseconds = performance.now() - begin;
    const { statusCode: status, rawPayload } = response;
    const errors = status === 422 ? response.json().detail.length : 0;
    return { status, milliseconds, bytes: rawPayload.length, errors };
  };
}

function resolveIn(app: FastifyInstance, ref: string): JsonSchema {
  const schemas = (app.swagger() as { components?: { schemas?: Record<string, JsonSchema> } })
    .components?.schemas;
  const found = schemas?.[ref.split('/').at(-1) ?? ''];
  if (found === undefined) throw new Error(`There is no ${ref}`);
  return found;
}

function kib(bytes: number): string {
  return `${(bytes / KIB).toFixed(1)} KiB`;
}
