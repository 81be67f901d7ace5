import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fold } from '#src/lib/fold.js';
import { projectRoot } from '#src/lib/project-root.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { lastToken } from '#test/support/mails.js';

const USERS = '/api/v1/users';
const POSTS = '/api/v1/posts';

const COMPOSED = 'caf\u00e9';
const DECOMPOSED = 'cafe\u0301';

/** Every spelling of a word in which some letters are replaced by these. */
function spellings(word: string, replacements: Record<string, string[]>): string[] {
  return [...word].reduce<string[]>(
    (starts, letter) =>
      starts.flatMap((start) =>
        [letter, ...(replacements[letter] ?? [])].map((each) => start + each),
      ),
    [''],
  );
}

t.test('counts the spellings of a login as one, and matches no other character', async (t) => {
  const { client, createUser, clock } = await createTestApp(t, {
    LOGIN_ATTEMPTS: 5,
    LOGIN_ATTEMPTS_PER_ADDRESS: 1000,
  });
  await createUser({ username: 'admin', email: 'admin@bücher.example' });
  const login = (username: string, password: string) =>
    client().post('/api/v1/auth/login', { username, password });
  const attack = async (names: string[], password = 'wrong') => {
    const statuses = [];
    for (const name of names) statuses.push((await login(name, password)).status);
    return { tried: statuses.filter((status) => status === 401).length, statuses };
  };
  const capitals = { a: ['A'], d: ['D'], m: ['M'], n: ['N'] };
  const dotted = spellings('adm\u0130n', capitals);
  t.equal(dotted.length, 16);
  t.equal((await attack([...dotted, ...dotted])).tried, 5, 'they share five attempts');
  clock.advance(60 * 60 * 1000);
  for (const name of dotted.slice(0, 3)) {
    t.equal((await login(name, PASSWORD)).status, 401, `${name} is not admin`);
  }
  for (const name of ['adm\u0131n', 'ａｄｍｉｎ', 'admin\u200b', ' admin']) {
    t.equal((await login(name, PASSWORD)).status, 401, JSON.stringify(name));
  }
  t.equal((await login('admin\u0000', PASSWORD)).status, 422, 'nobody has a name with NUL');

  const plain = spellings('admin', { ...capitals, i: ['I'] });
  t.equal(plain.length, 32);
  t.equal((await attack(plain)).tried, 5);
  clock.advance(60 * 60 * 1000);
  for (const name of [plain[7], plain[31]]) {
    t.equal((await login(String(name), PASSWORD)).status, 200, String(name));
  }

  const addresses = [
    'admin@bücher.example',
    'ADMIN@BÜCHER.example',
    'admin@bu\u0308cher.example',
    'admin@xn--bcher-kva.example',
    'Admin@XN--BCHER-KVA.Example',
    'admin@bücher\u3002example',
  ];
  for (const address of addresses) t.equal((await login(address, PASSWORD)).status, 200, address);
  t.equal((await attack([...addresses, ...addresses])).tried, 5);
});

const form = (username: string, email: string) => ({
  username,
  email,
  password: PASSWORD,
  confirm_password: PASSWORD,
  agree_terms: true,
});

t.test('tells about an account only at its own address, in its own spelling', async (t) => {
  const test = await createTestApp(t);
  const { app, client, createUser, signedIn, clock } = test;
  await createUser({ username: 'ivy', email: 'Ivy@bücher.example' });
  const eve = await signedIn({ username: 'eve', email: 'eve@example.com' });
  let seen = 0;
  const newMails = async () => {
    await app.runJobs();
    const mails = app.outbox?.mails.slice(0, (app.outbox?.mails.length ?? 0) - seen) ?? [];
    seen += mails.length;
    return mails.map(({ to, subject }) => `${to}: ${subject}`).sort();
  };
  const asks = {
    register: (email: string, username: string) =>
      client().post('/api/v1/auth/register', form(username, email)),
    change: (email: string) => eve.post('/api/v1/me/email', { email, password: PASSWORD }),
    reset: (email: string) => client().post('/api/v1/auth/forgot-password', { email }),
  };

  const same = ['IVY@BÜCHER.example', 'ivy@xn--bcher-kva.example', 'ivy@bu\u0308cher.example'];
  for (const [index, email] of same.entries()) {
    t.equal((await asks.register(email, `same_${index}`)).status, 201);
    t.same(await newMails(), ['Ivy@bücher.example: You already have an account'], email);
    clock.advance(16 * 60 * 1000);
    t.equal((await asks.change(email)).status, 202);
    t.same(await newMails(), ['Ivy@bücher.example: You already have an account'], email);
  }
  t.equal((await asks.reset(same[0] ?? '')).status, 202);
  t.same(await newMails(), ['Ivy@bücher.example: Reset your password']);
  const further = [];
  for (const email of same) further.push((await asks.reset(email)).status);
  t.same(further, [202, 429, 429], 'all spellings share one limit on mails');
  await newMails();

  for (const [index, email] of ['İvy@bücher.example', 'ıvy@bücher.example'].entries()) {
    t.equal((await asks.reset(email)).status, 202);
    t.same(await newMails(), [], `nobody has ${email}`);
    t.equal((await asks.change(email)).status, 202);
    t.same(await newMails(), [`${email}: Confirm your new email address`]);
    t.equal((await asks.register(email, `other_${index}`)).status, 201);
    t.same(await newMails(), [`${email}: Confirm your email address`]);
    t.notMatch(app.outbox?.mails[0]?.text, /\bivy\b/);
    const confirmed = await client().post('/api/v1/auth/verify-email', {
      token: await lastToken(test),
      password: PASSWORD,
    });
    t.equal(confirmed.status, 200, `${email} gets an account of its own`);
    await newMails();
  }
});

t.test('rejects a taken name in any spelling with 409 and its field', async (t) => {
  const { client, createUser, signedIn } = await createTestApp(t);
  const admin = await signedIn({ username: 'admin', role: 'admin' });
  await createUser({ username: 'taken', email: 'jos\u00e9@bücher.example' });
  const { id } = await createUser({ username: 'other', email: 'other@example.com' });
  const fields = (reply: { json: { errors?: { loc: unknown[] }[] } }) =>
    reply.json.errors?.map(({ loc }) => loc.join('.'));
  for (const email of ['JOSE\u0301@bücher.example', 'jos\u00e9@XN--BCHER-KVA.example']) {
    const attempts = {
      create: await admin.post(USERS, { username: 'fresh', email }),
      replace: await admin.put(`${USERS}/${id}`, { username: 'other', email }),
      update: await admin.patch(`${USERS}/${id}`, { email }),
    };
    for (const [name, reply] of Object.entries(attempts)) {
      t.equal(reply.status, 409, `${name} ${email}`);
      t.same(fields(reply), ['body.email'], name);
    }
    const bulk = await admin.post(`${USERS}/bulk`, [
      { username: 'fresh_1', email: 'E\u0301@example.com' },
      { username: 'fresh_2', email: '\u00e9@example.com' },
      { username: 'TAKEN', email },
    ]);
    t.equal(bulk.status, 409);
    t.same(fields(bulk), ['body.1.email', 'body.2.username', 'body.2.email']);
  }
  const bulk = await admin.post(`${USERS}/bulk`, [
    { username: 'fresh_1', email: 'JOSE\u0301@xn--bcher-kva.example' },
    { username: 'TAKEN' },
  ]);
  t.same([bulk.status, fields(bulk)], [409, ['body.0.email', 'body.1.username']]);
  t.equal(
    (await client().post('/api/v1/auth/register', form('TAKEN', 'x@example.com'))).status,
    409,
  );
  const own = await admin.patch(`${USERS}/${id}`, {
    username: 'OTHER',
    email: 'Other@example.com',
  });
  t.match([own.status, own.json], [200, { username: 'OTHER', email: 'Other@example.com' }]);
});

t.test('keeps one category and one tag for all spellings of a name', async (t) => {
  const { app, client, signedIn } = await createTestApp(t);
  const editor = await signedIn({ username: 'edith', role: 'editor' });
  for (const kind of ['categories', 'tags']) {
    const url = `/api/v1/${kind}`;
    const { json: first } = await editor.post(url, { name: COMPOSED });
    const { json: other } = await editor.post(url, { name: 'tea' });
    const same = [DECOMPOSED, 'CAF\u00c9', 'CAFE\u0301', ` ${DECOMPOSED} `];
    for (const name of same) {
      for (const reply of [
        await editor.post(url, { name }),
        await editor.put(`${url}/${other.id}`, { name }),
        await editor.patch(`${url}/${other.id}`, { name }),
      ]) {
        t.equal(reply.status, 409, name);
        t.match(reply.json.errors, [{ loc: ['body', 'name'], input: name.trim() }]);
        t.equal(reply.json.errors.length, 1);
      }
      const { json: found } = await editor.get(`${url}?q=${encodeURIComponent(name.trim())}`);
      t.same([found.total, found.items[0]?.id], [1, first.id], `q=${name}`);
    }
    const respelled = await editor.patch(`${url}/${first.id}`, { name: DECOMPOSED });
    t.equal(respelled.json.name, DECOMPOSED, 'its own name may be spelled otherwise');
    t.equal((await editor.post(url, { name: 'cafe' })).status, 201, 'an accent is a difference');
    t.equal((await editor.post(url, { name: 'ΟΔΟΣ' })).status, 201);
    t.equal((await editor.post(url, { name: 'οδος' })).status, 409);
    t.equal((await editor.post(url, { name: '\u0130' })).status, 201);
    t.equal((await editor.post(url, { name: 'i' })).status, 201);
  }

  const post = { title: 'Tagged', content: 'x', status: 'published' };
  const tags = [COMPOSED, DECOMPOSED, 'CAFE\u0301', 'tea'];
  const { json: created } = await editor.post(POSTS, { ...post, tags });
  t.same(
    created.tags.map(({ name }: { name: string }) => name),
    [DECOMPOSED, 'tea'],
    'existing tags keep their name',
  );
  const same = await editor.patch(`${POSTS}/${created.id}`, { tags: ['TEA', COMPOSED] });
  t.same(same.json, created, 'the same tags are no change');
  const fewer = await editor.patch(`${POSTS}/${created.id}`, { tags: [`TEA\n${COMPOSED}`] });
  t.equal(fewer.json.tags.length, 1, 'one name that contains both is another tag');
  const { rows } = await app.pg.query(`select from tags where name_folded = $1`, [fold(COMPOSED)]);
  t.equal(rows.length, 1);
  const suggested = await client().get(`/api/v1/search/suggest?q=TEA`);
  t.equal(suggested.status, 200);
});

t.test('filters by names and slugs in any spelling', async (t) => {
  const { app, client, createUser, signedIn } = await createTestApp(t);
  const editor = await signedIn({ username: 'edith', role: 'editor' });
  const { id: author_id } = await createUser({ username: 'Lister' });
  const { json: category } = await editor.post('/api/v1/categories', { name: 'Lists' });
  const post = { title: 'Listed', author_id, category_id: category.id, tags: ['listed'] };
  const { id } = await insertTestPost(app, post);
  const commenter = await signedIn({ username: 'Carl' });
  await commenter.post(`${POSTS}/${id}/comments`, { content: 'Hello' });
  for (const query of ['author=LISTER', 'tag=LISTED', 'category=Lists', 'category=LISTS']) {
    t.equal((await client().get(`${POSTS}?${query}`)).json.total, 1, query);
  }
  for (const query of ['author=l\u0130ster', 'author=lıster', 'tag=l\u0130sted', 'tag=list']) {
    t.equal((await client().get(`${POSTS}?${encodeURI(query)}`)).json.total, 0, query);
  }
  for (const slug of ['listed', 'LISTED']) {
    t.equal((await client().get(`/api/v1/tags/${slug}/posts`)).status, 200, slug);
  }
  t.equal((await editor.get('/api/v1/comments?author=CARL')).json.total, 1);
  t.equal(
    (await editor.get(`/api/v1/comments?author=${encodeURIComponent('ca\u0280l')}`)).json.total,
    0,
  );
});

t.test('sorts by folded names, and continues cursors made before', async (t) => {
  const { app, client, signedIn } = await createTestApp(t);
  const editor = await signedIn({ username: 'edith', role: 'editor' });
  for (const username of ['bob', 'Anna', 'Carl', 'anne']) await insertUser(app.db, { username });
  const names = ['Zoo', '\u00e9clair', 'E\u0301clat', 'apple', 'Ω'];
  for (const name of names) {
    t.equal((await editor.post('/api/v1/categories', { name })).status, 201);
  }
  const walk = async (url: string, field: string) => {
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { json } = await client().get(`${url}&size=2&cursor=${cursor}`);
      found.push(...json.items.map((item: Record<string, string>) => item[field]));
      cursor = json.next_cursor;
    }
    return found;
  };
  const users = ['Anna', 'anne', 'bob', 'Carl', 'edith'];
  t.same(await walk(`${USERS}?sort=username`, 'username'), users);
  t.same(await walk(`${USERS}?sort=-username`, 'username'), users.toReversed());
  const topics = ['apple', 'Zoo', '\u00e9clair', 'E\u0301clat', 'Ω'];
  t.same(await walk('/api/v1/categories?sort=name', 'name'), topics);
  t.same(await walk('/api/v1/categories?sort=-name', 'name'), topics.toReversed());

  const cursor = (sort: string, key: string, id: number) =>
    Buffer.from(JSON.stringify([sort, key, id])).toString('base64url');
  const { json: next } = await client().get(
    `${USERS}?sort=username&cursor=${cursor('username', 'anne', 1_000_000)}`,
  );
  t.match(next.items, [{ username: 'bob' }, { username: 'Carl' }, { username: 'edith' }]);
  for (const [url, sort] of [
    [USERS, 'username'],
    ['/api/v1/categories', 'name'],
  ] as const) {
    for (const key of ['Anna', 'e\u0301clat', 'οδος']) {
      const reply = await client().get(`${url}?sort=${sort}&cursor=${cursor(sort, key, 1)}`);
      t.equal(reply.status, 422, `${key} is no folded name`);
    }
  }
});

/**
 * Where the case of a text is changed without `fold`: files, and what their lines may contain. None
 * of it identifies a person or a thing.
 */
const EXCEPTIONS: Record<string, { lines: RegExp; reason: string }> = {
  'src/lib/fold.ts': { lines: /\.normalize\('NFC'\)/, reason: 'the function itself' },
  'src/articles/stores/posts.ts': {
    lines: /title: sql`lower\(posts\.title\) collate "C"`/,
    reason: 'sorts titles',
  },
  'src/articles/stores/suggestions.ts': {
    lines: /starts_with\(lower\(title\), lower\(/,
    reason: 'compares titles, in PostgreSQL on both sides',
  },
  'src/search/search-words.ts': {
    lines: /^\s+\.(?:normalize\('NFK[CD]'\)|toLowerCase\(\))$/,
    reason: 'full-text search',
  },
  'src/search/highlight.ts': {
    lines: /words\.add\(|const normal = text\.normalize\('NFKC'\)/,
    reason: 'words of a language',
  },
  'src/search/search-sql.ts': { lines: /normalize\(.*, nfkc\)/, reason: 'full-text search' },
  'migrations/0032_bounded_search.up.sql': {
    lines: /lower\(block\)|normalize\(piece, nfkc\)/,
    reason: 'full-text search',
  },
  'src/articles/lib/front-matter-languages.ts': {
    lines: /return text\.trim\(\)\.toLowerCase\(\)/,
    reason: 'keys of front matter',
  },
  'migrations/0035_search_words.down.sql': {
    lines: /lower\(block\)|normalize\(piece, nfkc\)/,
    reason: 'full-text search',
  },
  'src/markdown/html-elements.ts': {
    lines: /name\.toLowerCase\(\)|attribute\.toLowerCase\(\)/,
    reason: 'names of HTML',
  },
  'src/markdown/html-rules.ts': { lines: /SCHEME\.exec/, reason: 'a scheme' },
  'src/markdown/markdown.ts': { lines: /nameOfTag\(content\)/, reason: 'names of HTML' },
  'src/articles/services/article-dates.ts': { lines: /MONTHS\.indexOf/, reason: 'months' },
  'migrations/0035_search_words.up.sql': {
    lines: /normalize\(.*\bnfc\)|normalize\(piece, nfkc\)|lower\(block\)/,
    reason: 'full-text search',
  },
  'src/articles/services/article-publication.ts': {
    lines: /\.trim\(\)\.toLowerCase\(\)/,
    reason: 'keywords of front matter',
  },
  'app/cli/article-folder.ts': { lines: /path: path\.normalize\(\)/, reason: 'a path' },
  'src/db/embedded/server-settings.ts': { lines: /RESERVED\.has/, reason: 'names of settings' },
  'src/lib/multipart.ts': { lines: /toLowerCase/, reason: 'names of headers and parameters' },
  'src/lib/request-body.ts': { lines: /contentType\.split/, reason: 'a media type' },
  'plugins/openapi-security.ts': { lines: /name\.toUpperCase/, reason: 'documentation' },
  'app/config-warnings.ts': { lines: /startsWith\('http:'\)/, reason: 'a scheme' },
  'app/lean-response.ts': { lines: /LEFT_TO_NODE/, reason: 'names of headers' },
  'app/misspelled-variables.ts': { lines: /toUpperCase/, reason: 'names of variables' },
  'app/secret-strength.ts': { lines: /NFKC|toLowerCase/, reason: 'the strength of secrets' },
  'plugins/authentication.ts': { lines: /'bearer'/, reason: 'a scheme of HTTP' },
  'src/lib/loopback.ts': { lines: /name(?:\.trim\(\))?\.toLowerCase/, reason: 'a host name' },
  'src/people/lib/guessable-passwords.ts': {
    lines: /NFKD|\.toLowerCase\(\);/,
    reason: 'spellings of common passwords',
  },
};

/** Lines of plugins and routes about names of HTTP, which are ASCII and ignore case. */
const HTTP_NAMES = /headers?\b|\bmethod\b|\bexpect\?/i;

const CHANGES_CASE =
  /\.to(?:Locale)?(?:Lower|Upper)Case\(|\b(?:lower|upper|initcap|casefold)\((?!state\b)|\bilike\b|\bcitext\b|localeCompare|\.normalize\(|\bnormalize\(/i;

const FOLDERS = ['app', 'routes', 'plugins', 'src', 'schemas', 'migrations'];

function sourceFiles(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
      .filter((file) => /\.(?:ts|tsx|sql)$/.test(file)),
  );
}

t.test('nothing else than fold changes the case of a name', async (t) => {
  const found = new Map<string, string[]>();
  for (const file of sourceFiles()) {
    // Older migrations were applied, and reverting 0024 restores their indexes.
    if (/^migrations\/00(?:[01]\d|2[0-3]|24_folded_names\.down)/.test(file)) continue;
    // The validator follows pydantic, whose types are not compared with each other.
    if (file.startsWith('src/lib/validation/')) continue;
    const lines = readFileSync(join(projectRoot, file), 'utf8').split('\n');
    const changing = lines.filter(
      (line) =>
        CHANGES_CASE.test(line) &&
        !/^\s*(?:\*|\/[/*]|--)/.test(line) &&
        !(/^(?:plugins|routes)\//.test(file) && HTTP_NAMES.test(line)),
    );
    if (changing.length > 0) found.set(file, changing);
  }
  const unexpected = [...found].flatMap(([file, lines]) =>
    lines
      .filter((line) => !EXCEPTIONS[file]?.lines.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  t.same(unexpected, [], 'compare names by fold (src/lib/fold.ts) and folded columns');
  t.same(
    Object.keys(EXCEPTIONS).filter((file) => !found.has(file)),
    [],
    'every exception is still needed',
  );
});
