import t from 'tap';
import { ApiError, InvalidRequest } from '#src/errors.js';

/** The lines of a stack that name a place in the code. */
const framesOf = (error: unknown): string[] =>
  ((error as Error).stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));

t.test('records no stack for an expected error', async (t) => {
  t.same(framesOf(new ApiError('not_found')), []);
  t.same(framesOf(new ApiError('too_busy')), []);
  t.same(framesOf(new InvalidRequest([])), []);
  t.ok(framesOf(new Error('the next error has a stack again')).length > 0);
});

t.test('records the stack of an unexpected error, and that of a cause', async (t) => {
  t.ok(framesOf(new ApiError('internal_error')).length > 0);
  const cause = new Error('lost the connection');
  const conflict = new ApiError('duplicate', { cause });
  t.same(framesOf(conflict), []);
  t.ok(framesOf(conflict.cause).length > 0);
  const failure = new ApiError('service_unavailable', { cause });
  t.ok(framesOf(failure).length > 0);
  t.equal(failure.cause, cause);
});
