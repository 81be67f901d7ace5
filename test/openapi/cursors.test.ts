import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { insertTestComment, insertTestPost } from '#test/support/articles.js';
import { contract, resolve } from '#test/support/contract.js';
import { Problems } from '#test/support/problems.js';
import { insertTestProject, preparedTask } from '#test/support/projects.js';

/** Sort keys that a cursor may carry, of which each order accepts one kind at most. */
const KEYS = [
  ...['abc', '', '2026-13-45', '2026-01-31T09:30:00.000Z', 'a\0', 'a\ud800', '\ufeff'],
  ...[5, -1, 2 ** 31, -(2 ** 40), 2 ** 53 - 1, 1e300, null, [], true],
];

const IDS = [1, 0, 2 ** 31, -(2 ** 53) + 1, 2 ** 53 - 1];

const testApp = await createTestApp(t);
const admin = await testApp.signedIn({ username: 'admin', role: 'admin' });
const post = await insertTestPost(testApp.app, { title: 'Listed', tags: ['listed'] });
const comment = await insertTestComment(testApp.app, { post_id: post.id });
await admin.post('/api/v1/categories', { name: 'Listed' });
const project = await insertTestProject(testApp, (await admin.get('/api/v1/me')).json.id);

const parts = await preparedTask(
  testApp,
  'task-comments-list',
  (await admin.get('/api/v1/me')).json.id,
);
const TASK = '/api/v1/projects/{id}/tasks/{task_id}';
const taskPath = `/api/v1/projects/${parts['id']}/tasks/${parts['task_id']}`;

/** The lists whose paths have parameters. */
const PLACES: Record<string, string> = {
  '/api/v1/categories/{slug}/posts': '/api/v1/categories/listed/posts',
  '/api/v1/tags/{slug}/posts': '/api/v1/tags/listed/posts',
  '/api/v1/comments/{id}/replies': `/api/v1/comments/${comment.id}/replies`,
  '/api/v1/posts/{id}/comments': `/api/v1/posts/${post.id}/comments`,
  '/api/v1/projects/{id}/members': `/api/v1/projects/${project.id}/members`,
  '/api/v1/projects/{id}/invitations': `/api/v1/projects/${project.id}/invitations`,
  '/api/v1/projects/{id}/labels': `/api/v1/projects/${project.id}/labels`,
  '/api/v1/projects/{id}/tasks': `/api/v1/projects/${project.id}/tasks`,
  '/api/v1/projects/{id}/tasks/{task_id}/history': `/api/v1/projects/${project.id}/tasks/${project.taskId}/history`,
  [`${TASK}/comments`]: `${taskPath}/comments`,
  [`${TASK}/watchers`]: `${taskPath}/watchers`,
};

type Parameter = OpenAPIV3_1.ParameterObject & { schema?: { enum?: unknown[]; default?: unknown } };

const lists = Object.entries(contract.paths ?? {}).flatMap(([path, item]) => {
  const parameters = (item?.get?.parameters ?? []).map(
    (parameter) => resolve<Parameter>(parameter as Parameter) as Parameter,
  );
  if (!parameters.some(({ name }) => name === 'cursor')) return [];
  const url = path.includes('{') ? PLACES[path] : path;
  const sort = parameters.find(({ name }) => name === 'sort');
  if (url === undefined) throw new Error(`${path}: name one of its lists in PLACES`);
  return [{ url, sorts: sort?.schema?.enum ?? [undefined] }];
});

function cursorOf(sort: unknown, key: unknown, id = 1): string {
  return Buffer.from(JSON.stringify([sort, key, id])).toString('base64url');
}

t.test('answers a well-formed cursor with a wrong key, never with 500', async (t) => {
  const problems = new Problems();
  for (const { url, sorts } of lists) {
    for (const sort of sorts) {
      for (const name of new Set([String(sort), String(sort).replace(/^-/, '')])) {
        const pairs = [
          ...KEYS.map((key) => ({ key, id: 1 })),
          ...['abc', '2026-01-31T09:30:00.000Z', 5].flatMap((key) =>
            IDS.map((id) => ({ key, id })),
          ),
        ];
        for (const { key, id } of pairs) {
          const query = new URLSearchParams({ cursor: cursorOf(name, key, id) });
          if (sort !== undefined) query.set('sort', String(sort));
          const { status, text, json } = await admin.get(`${url}?${query}`);
          const places = json?.detail?.map(({ loc }: { loc: string[] }) => loc.join('.'));
          const isFair = status === 200 || (status === 422 && String(places) === 'query.cursor');
          problems.unless(
            isFair,
            `${url} ${sort} ${name} ${JSON.stringify(key)} ${id}: ${status} ${text}`,
          );
        }
      }
    }
  }
  problems.assertNone(t, 'each is a page or 422');
  t.ok(lists.length >= 12, `${lists.length} lists`);
});
