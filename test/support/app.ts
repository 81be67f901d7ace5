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

/** A stopped clock, moved only by `advance`. */
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
  /** Returns a new client without cookies. */
  client(): Client;
  /** Creates a user whose password is `PASSWORD`. */
  createUser(user: NewUser): Promise<{ id: number }>;
  /** Creates a user and returns a client with a session of that user. */
  signedIn(user: NewUser): Promise<Client>;
}

export interface TestRoutes {
  /** Adds routes for a test, with the same plugins and hooks as the app's own routes. */
  routes?: (app: FastifyInstance) => void | Promise<void>;
}

/** The secret that signs tokens, unless a test overrides it. */
export const TOKEN_SECRET = 'a token secret for tests and nothing else';

const WIDE_LIMITS = {
  RATE_LIMIT: 1_000_000,
  LOGIN_RATE_LIMIT: 1_000_000,
  COMMENT_RATE_LIMIT: 1_000_000,
  ARTICLE_RATE_LIMIT: 1_000_000,
  LOGIN_ATTEMPTS: 1_000_000,
  LOGIN_ATTEMPTS_PER_ADDRESS: 1_000_000,
};

/** A password that satisfies the policy. */
export const PASSWORD = 'Cedar-Lantern-42';

/** The lowest cost that argon2 accepts; a separate test covers the production cost. */
export const CHEAP_PASSWORDS: PasswordCost = { memoryCost: 8, timeCost: 1, parallelism: 1 };

const passwordHashes = new Map<PasswordCost, Promise<string>>();

/**
 * Builds the app as in production, with its own database, and closes it when the test ends. Rate
 * limits are raised and password hashing is cheap, unless a test sets them.
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
      // Tests change rows directly, and expect the effect at once.
      credentialLifetime: 0,
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
