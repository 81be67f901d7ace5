import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import pg from 'pg';
import t from 'tap';
import { MAX_POST_LENGTH } from '#schemas/posts.js';
import { renderMarkdown } from '#src/markdown/markdown.js';
import {
  createRenderer,
  MAX_RENDERED_AT_ONCE,
  render,
  renderText,
} from '#src/markdown/rendering.js';
import { indexedWords } from '#src/search/search-words.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';

/** A text that takes very long to render. */
const SLOW = '- a\n'.repeat(MAX_POST_LENGTH / 4);

const thread = new URL('../../support/slow-thread.mjs', import.meta.url);
const long = (text: string) => text.padEnd(MAX_RENDERED_AT_ONCE + 1, '.');
const fence = (language: string, code: string) => `\`\`\`${language}\n${code}\n\`\`\`\n`;

/** Code whose highlighting takes very long for its length. */
const SLOW_CODE = fence('markdown', '[a]('.repeat(400)).repeat(3);

/** Texts without code whose rendering takes long for their length. */
const HOSTILE = [
  ...['![', '[a](', '[', '*a **b _c ', '_a_![', '&![', '[[a]', '<a ', '<b>', '&amp;', '|a\n|-\n'],
  ...['|a|b|\n|-|-|\n|1|2|\n', '> - ', '- [ ] a\n', '\\*', '>![**', '~~a \n![', '\ufdfa', '中'],
].map((part) => part.repeat(MAX_RENDERED_AT_ONCE).slice(0, MAX_RENDERED_AT_ONCE));

t.test('renders the same in a thread', async (t) => {
  const text = '# Title\n\nSome *words*.\n\n';
  for (const source of [text, text.repeat(MAX_RENDERED_AT_ONCE), SLOW_CODE]) {
    t.same(await render(source), renderMarkdown(source));
  }
});

t.test('renders long texts and code in a thread', async (t) => {
  // The thread of this test returns the start of the source instead of HTML.
  const render = createRenderer({ thread });
  const isThreaded = async (source: string) => (await render(source))?.html === source.slice(0, 10);
  for (const source of [
    long('text'),
    fence('js', 'a'),
    fence('', 'a'),
    '~~~~ java\n$',
    '> > ```java\n> > $',
    '- a\n\n  - ~~~js',
    '1. ```',
    '    const a;',
    '>     const a;',
    'a\n\n\tb',
    '-\t\ta',
  ]) {
    t.equal(await isThreaded(source), true, JSON.stringify(source.slice(0, 30)));
  }
  for (const source of ['text', 'a `code` b', '- a\n  - b\n\n   c', ...HOSTILE]) {
    t.equal(await isThreaded(source), false, JSON.stringify(source.slice(0, 30)));
  }
});

t.test('renders quickly what it renders on the main thread', async (t) => {
  const timeOf = (source: string) =>
    least(async () => {
      const begin = performance.now();
      for (let round = 0; round < 5; round += 1) renderMarkdown(source);
      return performance.now() - begin;
    });
  // Plain text a hundred times as long. The times of the shortest are too short to be compared.
  const plain = await timeOf('some words and more of them, '.repeat(MAX_RENDERED_AT_ONCE * 3.5));
  for (const source of HOSTILE) {
    const times = (await timeOf(source)) / plain;
    t.ok(times < 1, `${JSON.stringify(source.slice(0, 20))}: ${times.toFixed(2)} times as long`);
  }
});

t.test('does not block other requests while a text is rendered', async (t) => {
  const { app, signedIn } = await createTestApp(t);
  const ann = await signedIn({ username: 'ann' });
  const { id } = await insertTestPost(app, { title: 'Open' });
  const comments = `/api/v1/posts/${id}/comments`;
  const { json } = await ann.post('/api/v1/posts', { title: 'Long', content: 'Short.' });
  const comment = (await ann.post(comments, { content: 'Short.' })).json;
  // The first call starts the thread.
  await ann.post('/api/v1/posts', { title: 'Long', content: SLOW });
  let count = 0;
  /** Different each time, because unchanged content is not rendered. */
  const content = (source: string) => `${source}\n${++count}`;
  const ways: [name: string, source: string, () => Promise<{ status: number }>][] = [
    ['a long post', SLOW, () => ann.post('/api/v1/posts', { title: 'a', content: SLOW })],
    [
      'a post with code',
      SLOW_CODE,
      () => ann.patch(`/api/v1/posts/${json.id}`, { content: content(SLOW_CODE) }),
    ],
    ['a comment', SLOW_CODE, () => ann.post(comments, { content: content(SLOW_CODE) })],
    [
      'an edited comment',
      SLOW_CODE,
      () => ann.patch(`/api/v1/comments/${comment.id}`, { content: content(SLOW_CODE) }),
    ],
  ];
  for (const [name, source, send] of ways) {
    const alone = await least(async () => {
      const begin = performance.now();
      renderMarkdown(source);
      return performance.now() - begin;
    });
    const longest = await least(async () => {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const reply = await send();
      delay.disable();
      t.ok(reply.status < 300, `${name}: ${reply.status}`);
      return delay.max / 1e6;
    });
    t.ok(longest < alone / 2, `${name}: ${longest.toFixed(0)} ms of ${alone.toFixed(0)}`);
  }
});

t.test('does not search a long text for words when something else changes', async (t) => {
  const { signedIn } = await createTestApp(t);
  const ann = await signedIn({ username: 'ann' });
  // Each of these characters stands for 18 others.
  const content = `connection pools ${'\ufdfa'.repeat(MAX_POST_LENGTH - 100)}`;
  const { json } = await ann.post('/api/v1/posts', { title: 'Long', content });
  const url = `/api/v1/posts/${json.id}`;
  await ann.post(`${url}/publish`);
  const begin = performance.now();
  indexedWords(content);
  const alone = performance.now() - begin;
  let count = 0;
  for (const changes of [
    () => ({ title: `Title ${++count}` }),
    () => ({ summary: `Summary ${++count}` }),
    () => ({ tags: [`tag ${++count}`] }),
  ]) {
    const time = await least(async () => {
      const begin = performance.now();
      t.equal((await ann.patch(url, changes())).status, 200);
      return performance.now() - begin;
    });
    t.ok(time < alone / 4, `${time.toFixed(0)} ms of ${alone.toFixed(0)}`);
  }
  const found = async (q: string) =>
    (await ann.get(`/api/v1/search?q=${encodeURIComponent(q)}`)).json.total;
  t.equal(await found('"connection pools"'), 1, 'finds the content after other changes');
  t.equal(await found(`"title 3"`), 1);
  t.equal(await found('"title 2"'), 0);
  t.equal(await found(`"tag ${count}"`), 1);
  t.equal((await ann.patch(url, { content: 'Other words.' })).status, 200);
  t.equal(await found('connection'), 0);
  t.equal(await found('"other words"'), 1);
  t.equal((await ann.patch(url, { title: 'The end' })).status, 200);
  t.equal(await found('"other words"'), 1, 'finds the new content after another change');
});

t.test('renders nothing for viewers without permission, or that is stored already', async (t) => {
  const { signedIn } = await createTestApp(t);
  const ann = await signedIn({ username: 'ann' });
  const bob = await signedIn({ username: 'bob' });
  const { json, headers } = await ann.post('/api/v1/posts', { title: 'Long', content: SLOW });
  const url = `/api/v1/posts/${json.id}`;
  const begin = performance.now();
  renderMarkdown(SLOW);
  const alone = performance.now() - begin;
  const timeOf = (request: () => Promise<{ status: number }>, status: number) =>
    least(async () => {
      const begin = performance.now();
      t.equal((await request()).status, status);
      return performance.now() - begin;
    });
  const content = SLOW.slice(1);
  const stale = { 'if-match': '"0-x"' };
  await ann.post(`${url}/publish`);
  for (const time of [
    await timeOf(() => bob.patch(url, { content }), 403),
    await timeOf(() => bob.patch('/api/v1/posts/999999', { content }), 404),
    await timeOf(() => ann.patch(url, { content }, stale), 412),
    await timeOf(() => ann.patch(url, { title: 'Longer', content: SLOW }), 200),
  ]) {
    t.ok(time < alone / 2, `${time.toFixed(0)} ms of ${alone.toFixed(0)}`);
  }
  t.ok(headers['etag']);
});

t.test(
  'renders with a lower priority than requests have',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  async (t) => {
    const render = createRenderer();
    const rendering = render('- a\n'.repeat(30_000));
    const own = niceValue(String(process.pid));
    let lowest = own;
    const watch = setInterval(() => {
      for (const id of readdirSync('/proc/self/task')) lowest = Math.max(lowest, niceValue(id));
    }, 20);
    await rendering;
    clearInterval(watch);
    t.equal(lowest, own + 10);
    t.equal(niceValue(String(process.pid)), own, 'the main thread keeps its own');
  },
);

/** Returns the nice value of a thread of this process, see proc_pid_stat(5); it may have ended. */
function niceValue(thread: string): number {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  } catch {
    return Number.NEGATIVE_INFINITY;
  }
}

t.test('renders content that has become new since it was compared', async (t) => {
  const { app, signedIn } = await createTestApp(t);
  const ann = await signedIn({ username: 'ann' });
  const content = long('# The same');
  const url = `/api/v1/posts/${(await ann.post('/api/v1/posts', { title: 'x', content })).json.id}`;
  const { query } = pg.Client.prototype;
  let locks = 0;
  const delaying = async function (this: pg.Client, ...call: unknown[]): Promise<unknown> {
    const { text = call[0] } = call[0] as { text?: string };
    // The first lock compares the content, the second one begins the change.
    if (/from "posts".* for update/.test(String(text)) && ++locks === 2) {
      await app.pg.query(`update posts set content = 'Another', content_html = ''`);
    }
    return Reflect.apply(query, this, call);
  };
  pg.Client.prototype.query = delaying as typeof query;
  t.teardown(() => {
    pg.Client.prototype.query = query;
  });
  const reply = await ann.patch(url, { content });
  t.equal(reply.status, 200);
  t.match(reply.json, { content, content_html: /<h1[^>]*>The same/ });
  t.equal(locks, 3, 'begins again');
});

t.test(
  'aborts texts that exceed the time limit, and then renders the texts that wait behind them',
  async (t) => {
    // Long enough for a thread to start while other tests run.
    const render = createRenderer({ deadline: 8000, thread });
    const endless = [render(long('endless')), render(long('endless'))];
    const names = Array.from({ length: 12 }, (_, index) => `text ${String(index).padEnd(5, '.')}`);
    const behind = Promise.all(names.map((name) => render(long(name))));
    for (const text of endless) await t.rejects(text, { code: 'too_busy', status: 503 });
    t.same(
      (await behind).map((rendered) => rendered?.html),
      names,
    );
  },
);

t.test('answers too_busy if too many texts are waiting', async (t) => {
  const render = createRenderer({ deadline: 60_000, thread });
  const results = await Promise.allSettled(Array.from({ length: 100 }, () => render(long('text'))));
  const refused = results.filter(({ status }) => status === 'rejected');
  t.equal(refused.length, 100 - 2 - 20);
  t.match(refused[0], { reason: { code: 'too_busy' } });
});

t.test('renders the texts of one client one after another, and lets few wait', async (t) => {
  const render = createRenderer({ deadline: 60_000, thread });
  const settled: string[] = [];
  const send = (client: string, text: string) =>
    render(long(text), { client }).then(
      () => settled.push(text),
      ({ status, code, headers }) => settled.push(`${status} ${code} ${headers['retry-after']}`),
    );
  const endless = createRenderer({ deadline: 4000, thread });
  const slow = [1, 2, 3].map(() => endless(long('endless'), { client: 'ann' }));
  const begin = performance.now();
  await endless(long('text'), { client: 'bob' });
  const bobs = performance.now() - begin;
  await t.rejects(Promise.all(slow), { code: 'too_busy' });
  t.ok(bobs < performance.now() - begin, 'the other thread is left to others');
  await Promise.allSettled(slow);

  const many = Array.from({ length: 30 }, (_, index) => send('ann', `text ${index}`));
  await send('bob', 'of bob');
  await Promise.all(many);
  t.same(
    settled.filter((each) => each.startsWith('text')),
    ['text 0', 'text 1', 'text 2', 'text 3'],
  );
  t.equal(settled.filter((each) => each === '429 too_many_requests 1').length, 26);
  t.ok(settled.includes('of bob'));
  await send('ann', 'again');
  t.equal(settled.at(-1), 'again', 'the places are free again');
});

t.test('lets a text wait only twice as long as it may take', async (t) => {
  const render = createRenderer({ deadline: 2000, thread });
  await render(long('text'));
  const begin = performance.now();
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, () => render(long('endless'))),
  );
  const time = performance.now() - begin;
  t.ok(results.every(({ status }) => status === 'rejected'));
  t.match(results.at(-1), { reason: { code: 'too_busy', status: 503 } });
  t.ok(time < 5 * 2000, `${time.toFixed(0)} ms instead of 12,000`);
});

t.test('answers too_busy to a text that needs too much memory', async (t) => {
  const render = createRenderer({ deadline: 60_000, thread, memory: 32 });
  await t.rejects(render(long('hungry')), { code: 'too_busy', status: 503 });
  t.equal((await render(long('text')))?.html, 'text......', 'and renders the next one');
});

t.test('reports a thread that fails to start as an internal error, not as load', async (t) => {
  const missing = new URL('missing.mjs', thread);
  const render = createRenderer({ deadline: 60_000, thread: missing });
  await t.rejects(render(long('text')), { code: 'ERR_MODULE_NOT_FOUND' });
});

t.test('names the field whose HTML would be too long', async (t) => {
  const text = '[a](b) '.repeat(700);
  const nobody = { viewer: null, address: null };
  const error = await renderText(nobody, { field: 'summary', text, most: 1 }).catch(
    (error: unknown) => error,
  );
  t.match(error, {
    items: [{ type: 'html_too_long', loc: ['body', 'summary'], input: text }],
  });
});

/** The least of three: whatever else the machine does may spoil a measurement, but hardly each. */
async function least(measure: () => Promise<number>): Promise<number> {
  return Math.min(await measure(), await measure(), await measure());
}
