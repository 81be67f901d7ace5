import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { projectRoot } from '#src/lib/project-root.js';
import { createTestApp } from '#test/support/app.js';
import { contract, headersOf, resolve, validateAgainst } from '#test/support/contract.js';
import { Problems } from '#test/support/problems.js';

type Operation = OpenAPIV3_1.OperationObject;

const { app, client } = await createTestApp(t, { APP_ENV: 'development' });
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const operations = Object.entries(contract.paths ?? {}).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item?.[method] as Operation | undefined;
    return operation === undefined ? [] : [{ name: `${method} ${path}`, path, method, operation }];
  }),
);

t.test('matches the committed contract', async (t) => {
  const committed = readFileSync(join(projectRoot, 'openapi/openapi.json'), 'utf8');
  const served = (await client().get('/openapi.json', { host: '127.0.0.1:8000' })).json;
  t.same(served, JSON.parse(committed), 'run npm run openapi to update it');
  t.equal(committed, `${JSON.stringify(served, null, 2)}\n`);
  t.equal(served.openapi, '3.1.0');
  t.match(served.info, { title: 'Althing', version: /^\d+\.\d+\.\d+$/ });
  t.match(served.info.description, /## Signing in/, 'the guide is the description');
});

/** Changes of resources that have no entity tag, because the change gives all of their values. */
const UNVERSIONED = new Set(['projects-change-member']);

t.test('documents every operation', async (t) => {
  const tags = new Set(contract.tags?.map(({ name }) => name));
  const ids = new Set<string>();
  const problems = new Problems();
  t.ok(operations.length >= 18);
  for (const { name, path, method, operation } of operations) {
    const { summary, description, operationId = '', security, responses = {} } = operation;
    problems.unless(summary && summary.length < 60, `${name}: summary`);
    problems.unless(
      description && description.length > 20 && description !== summary,
      `${name}: description`,
    );
    problems.unless(/^[a-z][a-z\d-]+$/.test(operationId), `${name}: operationId`);
    problems.unless(!ids.has(operationId), `${name}: its operationId is its own`);
    ids.add(operationId);
    problems.unless(
      operation.tags?.length === 1 && tags.has(String(operation.tags[0])),
      `${name}: tag`,
    );
    problems.unless(security, `${name}: security`);
    // Tools read `{}` beside other requirements as one more requirement.
    const isOptional = security?.some((each) => Object.keys(each).length === 0);
    problems.unless(!isOptional, `${name}: security is required or empty`);

    const statuses = new Set(Object.keys(responses));
    const expected = ['429', '500', '503'];
    const isPublic = security?.length === 0;
    if (!isPublic) expected.push('401', '403');
    if (operation.parameters || operation.requestBody) expected.push('422');
    if (operation.requestBody) expected.push('400', '413');
    if (path.includes('{')) expected.push('404');
    // The resource that an id identifies may have been changed by another client.
    const replaces = method === 'patch' || operation.requestBody !== undefined;
    if (/^(put|patch)$/.test(method) && path.includes('{') && replaces) {
      expected.push('409', ...(UNVERSIONED.has(operationId) ? [] : ['412']));
    }
    for (const status of expected) problems.unless(statuses.has(status), `${name}: ${status}`);
    problems.unless(
      [...statuses].some((status) => status.startsWith('2')),
      `${name}: has a success response`,
    );
    for (const [status, response] of Object.entries(responses)) {
      problems.unless(answerOf(response).description, `${name} ${status}: description`);
    }
    for (const parameter of (operation.parameters ?? []) as OpenAPIV3_1.ParameterObject[]) {
      problems.unless(parameter.description, `${name}: ${parameter.name} is described`);
    }
  }
  problems.assertNone(t, 'each operation is described, with its statuses');
});

t.test('documents the headers of every response', async (t) => {
  const sure: Record<string, string> = {
    304: 'ETag',
    401: 'WWW-Authenticate',
    412: 'ETag',
    429: 'Retry-After',
    503: 'Retry-After',
  };
  const everywhere = ['X-Request-ID', 'X-Response-Time', 'Cache-Control'];
  const rate = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'];
  const problems = new Problems();
  for (const { name, operation } of operations) {
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      const headers = headersOf(answerOf(response));
      const isError = Number(status) >= 400;
      const required = [...everywhere, isError ? 'Content-Language' : rate, sure[status] ?? []];
      for (const header of required.flat()) {
        problems.unless(headers[header]?.required === true, `${name} ${status}: ${header}`);
      }
      for (const header of rate) problems.unless(headers[header], `${name} ${status}: ${header}`);
      for (const [header, { description }] of Object.entries(headers)) {
        problems.unless(description, `${name} ${status}: ${header} is described`);
      }
    }
  }
  problems.assertNone(t, 'headers of answers');
});

t.test('documents the headers of success responses', async (t) => {
  const headers = new Map(
    operations.map(({ operation }) => [
      operation.operationId,
      Object.entries(operation.responses ?? {}).flatMap(([status, response]) =>
        status < '400'
          ? Object.entries(headersOf(answerOf(response)))
              .filter(([name, { required }]) => required === true || name === 'Idempotent-Replayed')
              .map(([name]) => `${status} ${name}`)
          : [],
      ),
    ]),
  );
  const has = (id: string, name: string) => headers.get(id)?.includes(name) === true;
  for (const [id, name] of [
    ['users-list', '200 Link'],
    ['users-read', '200 ETag'],
    ['users-read', '304 ETag'],
    ['users-create', '201 Location'],
    ['users-create', '201 ETag'],
    ['users-create', '201 Idempotent-Replayed'],
    ['users-replace', '200 ETag'],
    ['users-export-csv', '200 Content-Disposition'],
    ['auth-login', '200 Set-Cookie'],
    ['playground-response-redirect', '302 Location'],
  ] as const) {
    t.ok(has(id, name), `${id}: ${name}`);
  }
  for (const [id, name] of [
    ['users-list', '200 ETag'],
    ['users-delete', '204 ETag'],
    ['users-bulk-create', '201 Location'],
    ['auth-login', '200 Idempotent-Replayed'],
    ['auth-session', '200 Set-Cookie'],
    // A token has no cookie to clear.
    ['auth-logout', '200 Set-Cookie'],
  ] as const) {
    t.notOk(has(id, name), `${id}: no ${name}`);
  }
  t.notMatch(JSON.stringify(contract), /x-sends/, 'internal markers are removed');
});

t.test('provides valid examples of headers', async (t) => {
  const { headers = {} } = contract.components ?? {};
  t.ok(Object.keys(headers).length > 12);
  for (const [name, header] of Object.entries(headers) as [string, OpenAPIV3_1.HeaderObject][]) {
    t.ok(header.description, `${name}: description`);
    t.equal(
      validateAgainst(['components', 'headers', name, 'schema'], header.example),
      null,
      `${name}: example`,
    );
  }
});

t.test(
  'accepts no idempotency key for a password of the caller, which must be checked each time',
  async (t) => {
    const holds = (value: unknown): boolean =>
      JSON.stringify(value ?? null).includes('"format":"password"') ||
      [...JSON.stringify(value ?? null).matchAll(/schemas\/(\w+)"/g)].some(([, name = '']) =>
        holds(contract.components?.schemas?.[name]),
      );
    let count = 0;
    for (const { name, method, operation } of operations) {
      if (method !== 'post' || !holds(operation.requestBody)) continue;
      // The password of another user, of which a keyed hash is stored.
      if (operation.operationId === 'users-create') continue;
      const parameters = (operation.parameters ?? []) as OpenAPIV3_1.ParameterObject[];
      const takesKey = parameters.some(({ name }) => name === 'idempotency-key');
      t.notOk(takesKey, name);
      count += 1;
    }
    t.ok(count >= 7);
  },
);

t.test('contains every route of the API', async (t) => {
  const listed = new Set(operations.map(({ method, path }) => `${method} ${path}`));
  const routes = app.printRoutes({ commonPrefix: false, includeHooks: false });
  const served = new Set<string>();
  // The tree shows only the part of a path that differs from the line above.
  const above: string[] = [];
  for (const line of routes.split('\n')) {
    const match = /^([│├└─ ]*)(\/\S*|[^\s(]+)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (match === null) continue;
    const [, branches = '', segment = '', methods] = match;
    const depth = branches.length / 4;
    above.length = depth;
    above[depth] = segment;
    const url = above.join('');
    // The tree omits the position of a wildcard.
    if (methods === undefined || segment === '*' || !url.startsWith('/api')) continue;
    for (const method of methods.split(', ')) {
      if (method === 'HEAD' || method === 'OPTIONS') continue;
      served.add(`${method.toLowerCase()} ${url.replace(/:\w+(?:\|:\w+)*/g, '{}')}`);
    }
  }
  const expected = [...listed].filter((name) => / \/api(?!.*\{subpath\})/.test(name));
  // The tree merges parameters with different names at the same place.
  const nameless = expected.map((name) => name.replace(/\{\w+\}/g, '{}'));
  t.same([...served].sort(), nameless.sort());
});

t.test('names every component and provides valid examples', async (t) => {
  const schemas = contract.components?.schemas ?? {};
  const text = JSON.stringify(contract.paths);
  t.notMatch(text, /"def-\d+"|schema-\d/, 'no anonymous component');
  t.notMatch(JSON.stringify(contract), /"nullable":/, 'null is a type in 3.1');
  const problems = new Problems();
  for (const [name, schema] of Object.entries(schemas)) {
    problems.unless(/^[A-Z][A-Za-z]+$/.test(name), `${name}: its name`);
    problems.unless(schema.description, `${name}: description`);
    const { examples = [] } = schema as { examples?: unknown[] };
    problems.unless(examples.length > 0, `${name}: has an example`);
    for (const example of examples) {
      const problem = validateAgainst(['components', 'schemas', name], example);
      problems.unless(problem === null, `${name}: example: ${problem}`);
    }
  }
  problems.assertNone(t, 'components');
  for (const name of [
    'User',
    'UserPublic',
    'UserPage',
    'UserCreate',
    'HTTPValidationError',
    'Error',
  ]) {
    t.ok(schemas[name], name);
  }
});

function answerOf(response: unknown): OpenAPIV3_1.ResponseObject {
  return resolve(response as OpenAPIV3_1.ResponseObject | OpenAPIV3_1.ReferenceObject);
}

t.test('writes patterns that every engine reads the same', async (t) => {
  const differing: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, part] of Object.entries(value)) {
      // What these stand for depends on the engine: with or without Unicode, and in which version.
      if (name === 'pattern' && typeof part === 'string' && /\\[sSwWdDbB]/.test(part)) {
        differing.push(part);
      }
      visit(part);
    }
  };
  visit(contract);
  t.same(differing, []);
});
