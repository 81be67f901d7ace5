import { monitorEventLoopDelay } from 'node:perf_hooks';
import t from 'tap';
import { MAX_POST_LENGTH } from '#schemas/posts.js';
import { renderMarkdown } from '#src/articles/lib/markdown.js';
import { createRenderer, MAX_RENDERED_AT_ONCE, render } from '#src/articles/services/rendering.js';
import { createTestApp } from '#test/support/app.js';

/** A text that takes very long to render. */
const SLOW = '- a\n'.repeat(MAX_POST_LENGTH / 4);

const thread = new URL('../../../support/slow-thread.mjs', import.meta.url);
const long = (text: string) => text.padEnd(MAX_RENDERED_AT_ONCE + 1, '.');

t.test('renders the same in a thread', async (t) => {
  const text = '# Title\n\nSome *words*.\n\n';
  for (const source of [text, text.repeat(MAX_RENDERED_AT_ONCE)]) {
    t.same(await render(source), renderMarkdown(source));
  }
});

t.test('does not block other requests while a long text is rendered', async (t) => {
  const { signedIn } = await createTestApp(t);
  const ann = await signedIn({ username: 'ann' });
  // The first call starts the thread.
  await ann.post('/api/v1/posts', { title: 'Long', content: SLOW });
  const begin = performance.now();
  renderMarkdown(SLOW);
  const alone = performance.now() - begin;

  const longest = await least(async () => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const reply = await ann.post('/api/v1/posts', { title: 'Long', content: SLOW });
    delay.disable();
    t.equal(reply.status, 201);
    return delay.max / 1e6;
  });
  t.ok(longest < alone / 2, `${longest.toFixed(0)} ms of ${alone.toFixed(0)}`);
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
  'aborts texts that exceed the time limit, and then renders the texts that wait behind them',
  async (t) => {
    // Long enough for a thread to start while other tests run.
    const render = createRenderer({ deadline: 8000, thread });
    const endless = [render(long('endless')), render(long('endless'))];
    const names = Array.from({ length: 12 }, (_, index) => `text ${String(index).padEnd(5, '.')}`);
    const behind = Promise.all(names.map((name) => render(long(name))));
    for (const text of endless) await t.rejects(text, { code: 'too_busy', status: 503 });
    t.same(
      (await behind).map(({ html }) => html),
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

t.test('reports a thread that fails to start as an internal error, not as load', async (t) => {
  const missing = new URL('missing.mjs', thread);
  const render = createRenderer({ deadline: 60_000, thread: missing });
  await t.rejects(render(long('text')), { code: 'ERR_MODULE_NOT_FOUND' });
});

/** The least of three: whatever else the machine does may spoil a measurement, but hardly each. */
async function least(measure: () => Promise<number>): Promise<number> {
  return Math.min(await measure(), await measure(), await measure());
}
