import t from 'tap';
import { hasInOrder } from '#src/lib/has-in-order.js';

t.test('finds two texts in one line, in their order', async (t) => {
  const has = (text: string) => hasInOrder(text, 'lock file ', ' already exists');
  t.ok(has('FATAL: lock file "postmaster.pid" already exists\nHINT'));
  t.ok(has('lock file lock file x already exists'));
  t.notOk(has('lock file "postmaster.pid"\n already exists'));
  t.notOk(has(' already exists lock file '));
  t.notOk(has('lock file already exists'), 'not overlapping');
  t.notOk(has(''));
});
