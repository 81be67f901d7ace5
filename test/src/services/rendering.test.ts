import { monitorEventLoopDelay } from 'node:perf_hooks';
import t from 'tap';
import { MAX_POST_LENGTH } from '../../../schemas/posts.js';
import { renderMarkdown } from '../../../src/lib/markdown.js';
import { createRenderer, MAX_RENDERED_AT_ONCE, render } from '../../../src/services/rendering.js';
import { createTestApp } from '../../support/app.js';

/** One of the texts that take longest. */
const SLOW = '- a\n'.repeat(MAX_POST_LENGTH / 4);

t.test('a thread makes the same of a text', async (t) => {
  const text = '# Title\n\nSome *words*.\n\n';
  for (const source of [text, text.repeat(MAX_RENDERED_AT_ONCE)]) {
    t.same(await render(source), renderMarkdown(source));
  }
});

t.test('whoever writes a long text keeps nobody waiting', async (t) => {
  const { signedIn } = await createTestApp(t);
  const ann = await signedIn({ username: 'ann' });
  // The first time starts the thread.
  await ann.post('/api/v1/posts', { title: 'Long', content: SLOW });
  const begin = performance.now();
  renderMarkdown(SLOW);
  const alone = performance.now() - begin;

  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const reply = await ann.post('/api/v1/posts', { title: 'Long', content: SLOW });
  delay.disable();
  t.equal(reply.status, 201);
  const longest = delay.max / 1e6;
  t.ok(longest < alone / 2, `${longest.toFixed(0)} ms of ${alone.toFixed(0)}`);
});

t.test('a text that takes too long is given up', async (t) => {
  const impatient = createRenderer(1);
  await t.rejects(impatient(SLOW), { code: 'too_busy', status: 503 });
  const patient = createRenderer(60_000);
  t.equal((await patient(SLOW)).html, renderMarkdown(SLOW).html);
});

t.test('who comes when too many are waiting is told so', async (t) => {
  const renderer = createRenderer(60_000);
  const source = 'a '.repeat(MAX_RENDERED_AT_ONCE);
  const results = await Promise.allSettled(Array.from({ length: 100 }, () => renderer(source)));
  const refused = results.filter(({ status }) => status === 'rejected');
  t.ok(refused.length > 0 && refused.length < 50, `${refused.length}`);
  t.match(refused[0], { reason: { code: 'too_busy' } });
});
