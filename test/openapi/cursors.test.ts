import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { contract, resolve } from '#test/support/contract.js';
import { Problems } from '#test/support/problems.js';

/** Sort keys that a cursor may carry, of which each order accepts one kind at most. */
const KEYS = ['abc', '', '2026-13-45', '2026-01-31T09:30:00.000Z', 5, -1, 1e300, null, [], true];

/** Values for the parameters of paths. */
const PLACES: Record<string, (created: { id: number; slug: string }) => string> = {
  '/api/v1/posts/{id}/comments': ({ id }) => `/api/v1/posts/${id}/comments`,
};

const testApp = await createTestApp(t);
const admin = await testApp.signedIn({ username: 'admin', role: 'admin' });
const post = await insertTestPost(testApp.app, { title: 'Listed' });

type Parameter = OpenAPIV3_1.ParameterObject & { schema?: { enum?: unknown[]; default?: unknown } };

const lists = Object.entries(contract.paths ?? {}).flatMap(([path, item]) => {
  const parameters = (item?.get?.parameters ?? []).map(
    (parameter) => resolve<Parameter>(parameter as Parameter) as Parameter,
  );
  if (!parameters.some(({ name }) => name === 'cursor')) return [];
  const url = path.includes('{') ? PLACES[path]?.(post) : path;
  const sort = parameters.find(({ name }) => name === 'sort');
  return url === undefined ? [] : [{ url, sorts: sort?.schema?.enum ?? [undefined] }];
});

function cursorOf(sort: unknown, key: unknown): string {
  return Buffer.from(JSON.stringify([sort, key, 1])).toString('base64url');
}

t.test('answers a well-formed cursor with a wrong key, never with 500', async (t) => {
  const problems = new Problems();
  for (const { url, sorts } of lists) {
    for (const sort of sorts) {
      for (const name of new Set([String(sort), String(sort).replace(/^-/, '')])) {
        for (const key of KEYS) {
          const query = new URLSearchParams({ cursor: cursorOf(name, key) });
          if (sort !== undefined) query.set('sort', String(sort));
          const { status, text } = await admin.get(`${url}?${query}`);
          const isFair = status === 200 || status === 422;
          problems.unless(
            isFair,
            `${url} ${sort} ${name} ${JSON.stringify(key)}: ${status} ${text}`,
          );
        }
      }
    }
  }
  problems.assertNone(t, 'each is a page or 422');
  t.ok(lists.length >= 8, `${lists.length} lists`);
});
