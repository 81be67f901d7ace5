import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { contract, resolve } from '#test/support/contract.js';
import { Problems } from '#test/support/problems.js';

/** Sort keys that a cursor may carry, of which each order accepts one kind at most. */
const KEYS = [
  ...['abc', '', '2026-13-45', '2026-01-31T09:30:00.000Z', 'a\0', 'a\ud800', '\ufeff'],
  ...[5, -1, 2 ** 31, -(2 ** 40), 2 ** 53 - 1, 1e300, null, [], true],
];

const IDS = [1, 0, 2 ** 31, -(2 ** 53) + 1, 2 ** 53 - 1];

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
  t.ok(lists.length >= 8, `${lists.length} lists`);
});
