import t from 'tap';
import { nameUuid } from '#src/lib/name-uuid.js';

t.test('returns one UUID per name', async (t) => {
  const uuids = ['', 'a', 'b', 'a b', '数据'].map(nameUuid);
  for (const uuid of uuids) {
    t.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  t.equal(new Set(uuids).size, uuids.length);
  t.equal(nameUuid('a'), nameUuid('a'));
});
