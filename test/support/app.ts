import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { type AppDependencies, buildApp } from '#app/app.js';
import { parseConfig } from '#app/config.js';
import type { Config } from '#app/config-schema.js';
import type { PasswordCost } from '#src/lib/password-cost.js';
import { hashPassword } from '#src/people/services/passwords.js';
import { insertUser, type NewUser } from '#src/people/stores/user-changes.js';
import { Client } from './client.js';
import { createTestDatabase } from './database.js';
import { showFailingAnswers } from './failing-answers.js';

/** A clock that stands still until it is moved. */
export class TestClock {
  #now = Date.now();

  readonly read = (): Date => new Date(this.#now);

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export interface TestApp {
  app: FastifyInstance;
  clock: TestClock;
  databaseUrl: string;
  /** A client of its own, with no cookies yet. */
  client(): Client;
  /** A new user who can sign in with `PASSWORD`. */
  createUser(user: NewUser): Promise<{ id: number }>;
  /** A client that is signed in as a new user. */
  signedIn(user: NewUser): Promise<Client>;
}

export interface TestRoutes {
  /** Adds routes of the test's own, behind everything that the app's own routes stand behind. */
  routes?: (app: FastifyInstance) => void | Promise<void>;
}

/** What tokens are signed with, unless a test brings its own. */
export const TOKEN_SECRET = 'a token secret for tests and nothing else';

const WIDE_LIMITS = {
  RATE_LIMIT: 1_000_000,
  LOGIN_RATE_LIMIT: 1_000_000,
  COMMENT_RATE_LIMIT: 1_000_000,
  LOGIN_ATTEMPTS: 1_000_000,
  LOGIN_ATTEMPTS_PER_ADDRESS: 1_000_000,
};

/** Satisfies the password policy. */
export const PASSWORD = 'TestPass123!';

/** As little as argon2 takes: what it costs in production is one test's business. */
export const CHEAP_PASSWORDS: PasswordCost = { memoryCost: 8, timeCost: 1, parallelism: 1 };

const passwordHashes = new Map<PasswordCost, Promise<string>>();

/**
 * The app as in production, on a database of its own. Only the limits on how often one may ask are
 * wider, and passwords cheap, unless a test sets them.
 */
export async function createTestApp(
  t: Test,
  settings: Partial<Config> = {},
  { routes, ...dependencies }: Partial<AppDependencies> & TestRoutes = {},
): Promise<TestApp> {
  const clock = new TestClock();
  const { passwordCost = CHEAP_PASSWORDS } = dependencies;
  const databaseUrl = dependencies.databaseUrl ?? (await createTestDatabase(t));
  const config = parseConfig({ APP_ENV: 'testing', LOG_LEVEL: 'silent' });
  const app = await buildApp(
    { ...config, ...WIDE_LIMITS, ...settings },
    {
      databaseUrl,
      secretKey: 'a secret key for tests and nothing else',
      tokenSecrets: [TOKEN_SECRET],
      clock: clock.read,
      passwordCost,
      ...dependencies,
    },
  );
  await routes?.(app);
  await app.ready();
  showFailingAnswers(t, app);
  t.teardown(() => app.close());

  async function createUser(user: NewUser): Promise<{ id: number }> {
    const passwordHash = passwordHashes.get(passwordCost) ?? hashPassword(PASSWORD, passwordCost);
    passwordHashes.set(passwordCost, passwordHash);
    return insertUser(app.db, { ...user, password_hash: await passwordHash });
  }

  return {
    app,
    clock,
    databaseUrl,
    client: () => new Client(app),
    createUser,
    async signedIn(user) {
      await createUser(user);
      const client = new Client(app);
      const { status } = await client.signIn(user.username, PASSWORD);
      if (status !== 200) throw new Error(`Could not sign in as ${user.username}: ${status}`);
      return client;
    },
  };
}
