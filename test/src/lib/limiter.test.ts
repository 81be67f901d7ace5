import t from 'tap';
import { Limiter } from '#src/lib/limiter.js';

t.test('bounds entries in total, and those of one holder', async (t) => {
  const limiter = new Limiter(3, 2);
  const first = limiter.enter('a');
  t.type(limiter.enter('a'), 'function');
  t.equal(limiter.enter('a'), 'each', 'as often as one holder may');
  t.type(limiter.enter('b'), 'function');
  t.equal(limiter.enter('c'), 'total', 'full');
  t.equal(limiter.enter('a'), 'each', 'both');
  if (typeof first === 'function') {
    first();
    first();
  }
  t.type(limiter.enter(), 'function', 'one place was left, once');
  t.equal(limiter.enter(), 'total');
});

t.test('counts an entry that is no longer held in total only', async (t) => {
  const limiter = new Limiter(2);
  let isHeld = true;
  limiter.enter('a', () => isHeld);
  t.equal(limiter.enter('a'), 'each');
  isHeld = false;
  t.type(limiter.enter('a'), 'function');
  t.equal(limiter.enter('b'), 'total', 'full');
});
