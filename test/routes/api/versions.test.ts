import { type Static, Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import t from 'tap';
import posts from '#routes/api/v1/posts.js';
import type { Post } from '#schemas/posts.js';
import { PostViews } from '#src/articles/services/post-views.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { tokenOf } from '#test/support/credentials.js';

/** A post in the next version: one field in place of two. */
const NextPost = Type.Object({
  id: Type.Integer(),
  title: Type.String(),
  text: Type.Object({ markdown: Type.String(), html: Type.String() }),
});
type NextPost = Static<typeof NextPost>;

function toNext({ id, title, content, content_html }: Post): NextPost {
  return { id, title, text: { markdown: content, html: content_html } };
}

/** The next version: the same route modules, in a scope where one schema differs. */
async function nextVersion(app: FastifyInstance): Promise<void> {
  const { db, clock, log } = app;
  app.addHook('onRoute', (route) => {
    if (route.schema === undefined) return;
    const { operationId, response } = route.schema;
    const isRead = operationId === 'posts-read';
    route.schema = {
      ...route.schema,
      operationId: `v2-${operationId}`,
      ...(isRead ? { response: { ...(response as object), 200: NextPost } } : {}),
    };
  });
  app.addHook('preSerialization', async (request, _reply, payload) =>
    request.routeOptions.schema?.operationId === 'v2-posts-read'
      ? toNext(payload as Post)
      : payload,
  );
  await app.register(posts, {
    prefix: '/posts',
    views: new PostViews({ db, clock, log, secret: 'a secret for the visitors of v2 posts' }),
    perMinute: 60,
  });
}

const testApp = await createTestApp(
  t,
  {},
  {
    routes: async (app) => {
      await app.register(nextVersion, { prefix: '/api/v2' });
    },
  },
);
const { app, createUser } = testApp;

t.test('mounts a version from the same routes with its differences declared once', async (t) => {
  const { id: author_id } = await createUser({ username: 'alice' });
  const { id } = await insertTestPost(app, {
    title: 'Two faces',
    content: '*one* text',
    author_id,
  });

  const now = await app.inject(`/api/v1/posts/${id}`);
  t.match(now.json(), { content: '*one* text', content_html: /<em>one/ });
  t.notOk('text' in now.json());
  const next = await app.inject(`/api/v2/posts/${id}`);
  t.equal(next.statusCode, 200);
  t.same(Object.keys(next.json()), ['id', 'title', 'text']);
  t.match(next.json().text, { markdown: '*one* text', html: /<em>one/ });
  t.equal(next.headers['etag'], now.headers['etag']);

  const list = (await app.inject('/api/v2/posts')).json();
  t.equal(list.items[0].title, 'Two faces', 'the rest is the same');
  t.equal((await app.inject('/api/v2/posts/0')).statusCode, 422);

  const headers = await tokenOf(testApp, author_id);
  const payload = { title: 'Written', content: 'There.' };
  const written = await app.inject({ method: 'POST', url: '/api/v2/posts', headers, payload });
  t.equal(written.statusCode, 201);
  t.equal(written.headers['location'], `/api/v2/posts/${written.json().id}`);
  const refused = await app.inject({ method: 'POST', url: '/api/v2/posts', payload });
  t.equal(refused.statusCode, 401, 'access is the same');
});

t.test('documents both versions, each operation once', async (t) => {
  const { paths = {} } = app.swagger() as { paths?: Record<string, Record<string, Operation>> };
  type Operation = { operationId?: string };
  const ids = Object.values(paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  t.equal(new Set(ids).size, ids.length);
  t.ok(ids.includes('posts-read') && ids.includes('v2-posts-read'));
  t.match(JSON.stringify(paths['/api/v2/posts/{id}']?.['get']), /"markdown"/);
  t.notMatch(JSON.stringify(paths['/api/v1/posts/{id}']?.['get']), /"markdown"/);
});

t.test('serves the second version, where posts are called articles', async (t) => {
  const status = await app.inject('/api/v2/status');
  t.same(status.json(), (await app.inject('/api/v1/status')).json());
  for (const [url, first] of [
    ['/api/v2/users', '/api/v1/users'],
    ['/api/v2/articles?size=1', '/api/v1/posts?size=1'],
  ] as const) {
    const { statusCode, headers, payload } = await app.inject(url);
    t.same([statusCode, payload], [200, (await app.inject(first)).payload], url);
    if (headers['link'] !== undefined) t.match(headers['link'], /<\/api\/v2\//);
  }
  const [{ id }] = (await app.inject('/api/v2/articles')).json().items;
  const article = await app.inject(`/api/v2/articles/${id}`);
  t.equal(article.payload, (await app.inject(`/api/v1/posts/${id}`)).payload);
  t.equal((await app.inject('/api/v2/articles/0')).statusCode, 422);
  t.equal((await app.inject({ method: 'POST', url: '/api/v2/articles' })).statusCode, 405);
  const { versions } = (await app.inject('/api')).json();
  t.same(versions, [
    { version: 'v1', url: '/api/v1/' },
    { version: 'v2', url: '/api/v2/' },
  ]);
});
