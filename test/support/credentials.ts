import { randomBytes } from 'node:crypto';
import type { Scope } from '#schemas/scopes.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { KEY_PREFIX } from '#src/people/services/credentials.js';
import { insertSession } from '#src/people/stores/sessions.js';
import type { TestApp } from './app.js';

const HOUR_MS = 60 * 60 * 1000;

type Headers = Record<string, string>;

/** Creates a session of the user; returns headers with an access token for it. */
export async function tokenOf({ app, clock }: TestApp, userId: number): Promise<Headers> {
  const now = clock.read();
  const sessionId = await insertSession(app.db, null, {
    user_id: userId,
    remember: false,
    address: null,
    user_agent: 'test/1.0',
    last_seen_at: now.toISOString(),
    expires_at: new Date(now.getTime() + HOUR_MS).toISOString(),
  });
  const token = app.tokenKeys.sign('access', { userId, sessionId }, now);
  return { authorization: `Bearer ${token}` };
}

/** Creates an API key of the user; returns headers with it. */
export async function keyOf({ app }: TestApp, userId: number, scopes: Scope[]): Promise<Headers> {
  const key = `${KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
  await app.db
    .insertInto('api_keys')
    .values({ user_id: userId, name: 'a test', prefix: key, key_hash: hashSecret(key), scopes })
    .execute();
  return { 'x-api-key': key };
}
