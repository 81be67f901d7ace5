import t from 'tap';
import { insertUsers } from '#src/people/stores/user-changes.js';
import { createTestApp } from '#test/support/app.js';

const MANY = 100_000;
const PORTION = 10_000;

/** Sorts between existing usernames: inserts must not move the cursor. */
function batch(from: number, count: number, prefix: string) {
  return Array.from({ length: count }, (_, index) => ({
    username: `${prefix}${String(from + index).padStart(6, '0')}`,
  }));
}

t.test('pages through 100,000 users by cursor during inserts', async (t) => {
  const { app, client } = await createTestApp(t);
  for (let from = 0; from < MANY; from += PORTION) {
    await insertUsers(app.db, batch(from, PORTION, 'p'));
  }
  const anyone = client();

  for (const sort of ['-username', 'created_at', 'id']) {
    const seen: string[] = [];
    const totals = new Set<unknown>();
    let inserted = 0;
    let cursor: string | null = '';
    while (cursor !== null) {
      const url: string = `/api/v1/users?size=100&sort=${sort}&cursor=${cursor}`;
      const { json } = await anyone.get(url);
      totals.add(json.total);
      for (const { username } of json.items) if (username.startsWith('p')) seen.push(username);
      if (seen.length % 10_000 === 0) {
        // Before and after the current position.
        await insertUsers(app.db, [
          { username: `a_${sort.replace('-', '')}_${inserted}` },
          { username: `z_${sort.replace('-', '')}_${inserted}` },
        ]);
        inserted += 2;
      }
      cursor = json.next_cursor;
    }
    t.same([...totals], [null], 'no page counts them all');
    t.ok(inserted >= 18, 'others were inserted on the way');
    t.equal(seen.length, MANY, `${sort}: none is missing`);
    t.equal(new Set(seen).size, MANY, `${sort}: none is repeated`);
    const sorted = [...seen].sort();
    t.same(seen, sort === '-username' ? sorted.reverse() : sorted, `${sort}: in order`);
  }
});
