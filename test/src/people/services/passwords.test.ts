import { hash } from '@node-rs/argon2';
import t from 'tap';
import { buildApp } from '#app/app.js';
import { parseConfig } from '#app/config.js';
import { needsRehash } from '#src/people/lib/passwords.js';
import {
  hashPassword,
  MAX_WAITING,
  renewHash,
  verifyPassword,
} from '#src/people/services/passwords.js';
import { findCredentials } from '#src/people/stores/accounts.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { createTestApp } from '#test/support/app.js';

const PASSWORD = 'Correct-Horse-9';
const old = await hash(PASSWORD, { memoryCost: 8192, timeCost: 1, parallelism: 1 });

t.test('requires rehashing for other parameters or algorithms', async (t) => {
  t.equal(needsRehash(await hashPassword(PASSWORD)), false);
  t.equal(needsRehash(old), true);
  const same = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
  t.equal(needsRehash(await hash(PASSWORD, { ...same, algorithm: 1 })), true, 'argon2i');
  t.equal(
    needsRehash(await hash(PASSWORD, { ...same, timeCost: 20 })),
    true,
    'the whole value, not just its start',
  );
});

t.test('rejects hashes beyond the queue at once and computes the others', async (t) => {
  const known = await hashPassword(PASSWORD);
  const beyond = 10;
  const most = MAX_WAITING + 2;
  const results = await Promise.allSettled(
    Array.from({ length: most + beyond }, () => verifyPassword(PASSWORD, known)),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  t.ok(refused.length >= beyond && refused.length <= beyond + 1, `${refused.length} were rejected`);
  for (const { reason } of refused) {
    t.match(reason, { code: 'too_busy', status: 503, headers: { 'retry-after': /^\d+$/ } });
  }
  for (const result of results) if (result.status === 'fulfilled') t.equal(result.value, true);
  t.equal(await verifyPassword(PASSWORD, known), true, 'accepts hashes again afterwards');
  t.equal(await verifyPassword(PASSWORD, null), false);
});

t.test('does not overwrite a password that was changed meanwhile', async (t) => {
  const { app } = await createTestApp(t);
  const { db, passwordCost } = app;
  const context = { db, passwordCost, report: t.error };
  const { id } = await insertUser(app.db, { username: 'alice', password_hash: old });
  const changed = await hashPassword('Another-Horse-9');
  await app.pg.query('update users set password_hash = $1', [changed]);
  await renewHash(context, { id, password_hash: old }, PASSWORD);
  t.equal((await findCredentials(app.db, 'alice'))?.password_hash, changed);
  await app.pg.query('update users set password_hash = $1', [old]);
  await renewHash(context, { id, password_hash: old }, PASSWORD);
  const renewed = String((await findCredentials(app.db, 'alice'))?.password_hash);
  t.equal(needsRehash(renewed, passwordCost), false);
});

t.test("hashes at OWASP's recommended cost unless another one is passed in", async (t) => {
  const app = await buildApp(parseConfig({ LOG_LEVEL: 'silent' }), {
    databaseUrl: 'postgresql://localhost/none',
    secretKey: 'a secret key for tests and nothing else',
    tokenSecrets: ['a token secret for tests and nothing else'],
  });
  t.teardown(() => app.close());
  t.strictSame(app.passwordCost, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
});
