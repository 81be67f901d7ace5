import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { recordStatements } from '#test/support/statements.js';

const URL = '/api/v1/users/bulk';
const { signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin' });
await admin.post('/api/v1/users', { username: 'alice', email: 'alice@example.com' });

const count = async () => (await admin.get('/api/v1/users')).json.total;
const people = (n: number, prefix: string) =>
  Array.from({ length: n }, (_, index) => ({
    username: `${prefix}${index}`,
    tags: ['a,b', '"c"'],
  }));

t.test('creates a thousand users in order with one statement', async (t) => {
  const before = await count();
  let reply = await admin.get('/health');
  const statements = await recordStatements(async () => {
    reply = await admin.post(URL, people(1000, 'many'));
  });
  t.equal(reply.status, 201);
  t.equal(reply.json.created, 1000);
  t.equal(statements.filter((text) => /insert into users/i.test(text)).length, 1);
  t.equal(await count(), before + 1000);
  const last = await admin.get(`/api/v1/users/${reply.json.ids[999]}`);
  t.match(last.json, { username: 'many999', tags: ['a,b', '"c"'], role: 'author' });
});

t.test('stores every field', async (t) => {
  const whole = {
    username: 'whole',
    email: 'whole@example.com',
    nickname: '全部',
    bio: "it's \\ all",
    avatar_url: 'https://example.com/x.png',
    age: 0,
    tags: ['x', 'null'],
    address: { street: 's "1"', city: 'c', zipcode: null },
    role: 'guest',
    is_active: false,
  };
  const { json } = await admin.post(URL, [whole, { username: 'nothing' }]);
  t.match((await admin.get(`/api/v1/users/${json.ids[0]}`)).json, whole);
  t.match((await admin.get(`/api/v1/users/${json.ids[1]}`)).json, {
    email: null,
    age: null,
    address: null,
    tags: [],
    is_active: true,
  });
});

t.test('rejects the whole list for one invalid item, and reports its index', async (t) => {
  const before = await count();
  const invalid = await admin.post(URL, [{ username: 'fine' }, { username: '1' }, { age: -1 }]);
  t.equal(invalid.status, 422);
  t.same(
    invalid.json.detail.map(({ loc }: { loc: unknown[] }) => loc),
    [
      ['body', 1, 'username'],
      ['body', 2, 'username'],
      ['body', 2, 'age'],
    ],
  );

  const taken = await admin.post(URL, [
    { username: 'new1' },
    { username: 'ALICE' },
    { username: 'new2', email: 'Alice@example.com' },
    { username: 'NEW1' },
  ]);
  t.equal(taken.status, 409);
  t.same(
    taken.json.errors.map(({ loc, input }: { loc: unknown[]; input: string }) => [...loc, input]),
    [
      ['body', 1, 'username', 'ALICE'],
      ['body', 2, 'email', 'Alice@example.com'],
      ['body', 3, 'username', 'NEW1'],
    ],
  );
  const keyed = await admin.post(URL, [{ username: 'new3' }, { username: 'alice' }], {
    'idempotency-key': 'bulk-1',
  });
  t.same(keyed.json.errors[0].loc, ['body', 1, 'username'], 'also with an API key');
  t.equal(await count(), before);
});

t.test('accepts 1 to 1,000 users', async (t) => {
  t.equal((await admin.post(URL, [])).json.detail[0].type, 'too_short');
  const many = await admin.post(URL, people(1001, 'over'));
  t.equal(many.status, 422);
  t.equal(many.json.detail[0].type, 'too_long');
  t.equal(many.json.detail.length, 1);
  t.equal((await admin.post(URL, { username: 'one' })).json.detail[0].type, 'list_type');
});

t.test('rejects one of two concurrent lists with a common username as a whole', async (t) => {
  const [one, two] = await Promise.all([
    admin.post(URL, [...people(300, 'left'), { username: 'shared' }]),
    admin.post(URL, [{ username: 'shared' }, ...people(300, 'right')]),
  ]);
  t.same([one.status, two.status].sort(), [201, 409]);
  const refused = one.status === 409 ? one : two;
  t.match(refused.json.errors, [{ input: 'shared' }]);
  const lost = one.status === 409 ? 'left' : 'right';
  t.equal((await admin.get(`/api/v1/users?q=${lost}`)).json.total, 0);
});
