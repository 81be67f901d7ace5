import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { DEMO_ADMINISTRATOR, loadDemoData } from '#app/demo/demo-data.js';
import { createTestApp } from '#test/support/app.js';
import { contract, resolve } from '#test/support/contract.js';
import { Problems } from '#test/support/problems.js';

type Schema = OpenAPIV3_1.SchemaObject;

/** The statuses of operations whose example cannot succeed on the demo data. */
const EXCEPTIONS: Record<string, number> = {
  // Fails on purpose.
  'playground-error': 500,
  // Asks another service, which exists only where it is configured.
  'playground-upstream': 404,
  // Needs a refresh token.
  'tokens-refresh': 401,
  // Need a token from a mail.
  'emails-confirm': 422,
  'passwords-reset': 422,
  'projects-accept-invitation-by-token': 422,
  // Ask for the current password, which the reader has to enter.
  'emails-change': 422,
  'me-delete': 422,
  'passwords-change': 422,
  // Nobody knows the id of a session or of a failed job beforehand.
  'jobs-retry': 404,
  'sessions-end': 404,
};

/** Operations whose example must find something. */
const FINDS = ['categories-posts', 'tags-posts', 'search', 'search-suggest', 'search-tasks'];

/** Operations that take the password of the administrator, which is printed at the first start. */
const TAKES_PASSWORD = ['auth-login', 'tokens-create', 'api-keys-create'];

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

t.test('runs every example from top to bottom, as on the page', async (t) => {
  const { app, client } = await createTestApp(t, { APP_ENV: 'development' });
  const password = String(await loadDemoData(app.db));
  const admin = client();
  await admin.signIn(DEMO_ADMINISTRATOR, password);
  const tags = contract.tags?.map(({ name }) => name) ?? [];
  const operations = Object.entries(contract.paths ?? {})
    .flatMap(([path, item]) =>
      METHODS.flatMap((method) => {
        const operation = item?.[method] as OpenAPIV3_1.OperationObject | undefined;
        return operation === undefined ? [] : [{ path, method, operation }];
      }),
    )
    .sort((a, b) => rank(a.operation) - rank(b.operation));
  function rank({ tags: [tag = ''] = [] }: OpenAPIV3_1.OperationObject): number {
    return tags.indexOf(tag);
  }

  const problems = new Problems();
  for (const { path, method, operation } of operations) {
    const { operationId = '' } = operation;
    const query = new URLSearchParams();
    let url = path;
    for (const parameter of (operation.parameters ?? []) as OpenAPIV3_1.ParameterObject[]) {
      const value = filledIn(parameter);
      if (value === undefined) continue;
      if (parameter.in === 'path') {
        url = url.replace(
          `{${parameter.name}}`,
          [value].flat().map(String).map(encodeURIComponent).join(','),
        );
      }
      if (parameter.in === 'query') {
        for (const each of [value].flat()) query.append(parameter.name, String(each));
      }
    }
    const { headers, payload } = bodyOf(
      operation,
      TAKES_PASSWORD.includes(operationId) ? password : null,
    );
    const reply = await admin.request({
      method: method.toUpperCase() as 'GET',
      url: query.size === 0 ? url : `${url}?${query}`,
      headers,
      ...(payload === undefined ? {} : { payload }),
    });
    const expected = EXCEPTIONS[operationId];
    const isExpected = expected === undefined ? reply.status < 400 : reply.status === expected;
    const isFound = !FINDS.includes(operationId) || reply.json.items.length > 0;
    problems.unless(isExpected && isFound, `${operationId} ${url}: ${reply.status} ${reply.text}`);
    if (operationId === 'auth-logout') await admin.signIn(DEMO_ADMINISTRATOR, password);
    if (operationId === 'auth-login') await admin.renewCsrfToken();
  }
  problems.assertNone(t, 'each example succeeds');
});

/** The value that Swagger UI fills in; for a stream also its end, which a reader has to fill in. */
function filledIn(parameter: OpenAPIV3_1.ParameterObject): unknown {
  if (parameter.name === 'max_seconds') return 0;
  const schema = (parameter.schema ?? {}) as Schema;
  const value = parameter.example ?? schema.example ?? schema.default;
  return value ?? (parameter.required === true ? schema.enum?.[0] : undefined);
}

function bodyOf(
  { requestBody }: OpenAPIV3_1.OperationObject,
  password: string | null,
): { headers: Record<string, string>; payload?: string } {
  if (requestBody === undefined) return { headers: {} };
  const { content } = resolve<OpenAPIV3_1.RequestBodyObject>(requestBody);
  const [type = '', media] = Object.entries(content)[0] ?? [];
  const schema = resolve((media?.schema ?? {}) as Schema);
  const example: Record<string, unknown> = media?.example ?? schema.examples?.[0] ?? {};
  for (const name of password === null ? [] : ['password', 'current_password']) {
    if (name in example) example[name] = password;
  }
  if (type !== 'application/x-www-form-urlencoded') {
    return { headers: { 'content-type': type }, payload: JSON.stringify(example) };
  }
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(example)) form.append(name, String(value));
  return { headers: { 'content-type': type }, payload: form.toString() };
}
