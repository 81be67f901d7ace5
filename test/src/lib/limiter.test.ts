import t from 'tap';
import { Limiter } from '#src/lib/limiter.js';

t.test('bounds entries in total, and those of one holder', async (t) => {
  const limiter = new Limiter(3, 2);
  const first = limiter.enter('a');
  t.ok(first);
  t.ok(limiter.enter('a'));
  t.equal(limiter.enter('a'), null, 'as often as one holder may');
  t.ok(limiter.enter('b'));
  t.equal(limiter.enter('c'), null, 'full');
  first?.();
  first?.();
  t.ok(limiter.enter(), 'one place was left, once');
  t.equal(limiter.enter(), null);
});

t.test('counts an entry that is no longer held in total only', async (t) => {
  const limiter = new Limiter(2);
  let isHeld = true;
  limiter.enter('a', () => isHeld);
  t.equal(limiter.enter('a'), null);
  isHeld = false;
  t.ok(limiter.enter('a'));
  t.equal(limiter.enter('b'), null, 'full');
});
