import t from 'tap';
import { createTestApp, PASSWORD } from '#test/support/app.js';

const { client, signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin' });

/** Texts that show nothing, of all kinds of characters that do not. */
const INVISIBLE = [
  ...[' ', '\t\n', '\u3000', '\u00a0\u2003'],
  ...['\u3164', '\uffa0', '\u115f\u1160', '\u2800', '\u00ad', '\u200b', '\u200c\u200d', '\u2060'],
  ...['\ufeff', '\u180e', '\u034f', '\u061c', '\u2066\u2069', '\u202e', '\u17b4', '\ufe0f'],
  ...['\u{e0061}', '\u{e0100}', '\u{1d173}', '\u{1bca0}', '\u0301', '\u0007', '\ue000', '\u2028'],
  ' \u200b\u3164 \u00ad\u2800 ',
];

const PLACES: [method: 'post' | 'patch', url: string, body: (name: string) => object][] = [
  ['post', '/api/v1/posts', (title) => ({ title, content: 'x' })],
  ['post', '/api/v1/posts', (tag) => ({ title: 'x', content: 'x', tags: ['seen', tag] })],
  ['post', '/api/v1/categories', (name) => ({ name })],
  ['post', '/api/v1/tags', (name) => ({ name })],
  ['post', '/api/v1/users', (username) => ({ username })],
  ['post', '/api/v1/users', (nickname) => ({ username: 'nina', nickname })],
  ['post', '/api/v1/users', (tag) => ({ username: 'nina', tags: [tag] })],
  ['patch', '/api/v1/users/1', (nickname) => ({ nickname })],
  ['patch', '/api/v1/users/1', (tag) => ({ tags: [tag] })],
  ['patch', '/api/v1/me', (nickname) => ({ nickname })],
  [
    'post',
    '/api/v1/me/api-keys',
    (name) => ({ name, scopes: ['posts:read'], current_password: PASSWORD }),
  ],
];

t.test('refuses names that show nothing, wherever something is named', async (t) => {
  for (const [method, url, body] of PLACES) {
    for (const name of INVISIBLE) {
      const { status } = await admin[method](url, body(name));
      const shown = `${url} ${JSON.stringify(body(name))}`;
      if (status !== 422) t.fail(`${shown}: ${status}`);
    }
    t.pass(url);
  }
  t.equal((await client().get('/api/v1/posts')).json.total, 0);
});

t.test('accepts names of any script, and no nickname at all', async (t) => {
  const names = [
    'x',
    '数',
    'ア',
    '한',
    'ق',
    'क्षि',
    '💡',
    '👨‍👩‍👧',
    '-',
    'co\u00adop',
    '\u200bx',
    '①',
    '\u1d11',
  ];
  for (const nickname of ['', ...names]) {
    t.equal((await admin.patch('/api/v1/me', { nickname })).status, 200, nickname);
  }
  for (const title of names) {
    const written = { title, content: 'x', tags: [title] };
    t.equal((await admin.post('/api/v1/posts', written)).status, 201, title);
  }
});
