import pg from 'pg';
import t from 'tap';
import { LOG_SERIALIZERS, loggedError } from '#src/lib/logged-error.js';

t.test('shows kind and place of an error, and none of its values', async (t) => {
  const error = Object.assign(new pg.DatabaseError('duplicate key', 0, 'error'), {
    code: '23505',
    table: 'users',
    constraint: 'users_email_key',
    detail: 'Key (email)=(ada@example.com) already exists.',
    client: { secretKey: 241_315_122, password: 'secret' },
  });
  const logged = loggedError(new TypeError('failed', { cause: error }));
  t.match(logged, { type: 'TypeError', message: 'failed', stack: /logged-error\.test/ });
  t.match(logged.cause, { code: '23505', table: 'users', constraint: 'users_email_key' });
  t.notMatch(JSON.stringify(logged), /241315122|secret|ada@/);
});

t.test('ends with circular causes', async (t) => {
  const error = new Error('one');
  error.cause = error;
  t.ok(JSON.stringify(loggedError(error)).length < 10_000);
});

t.test('shows only the type of what is no error', async (t) => {
  const thrown: unknown = 'secret';
  t.same(LOG_SERIALIZERS.err(thrown as Error), { type: 'string', message: '', stack: '' });
});
