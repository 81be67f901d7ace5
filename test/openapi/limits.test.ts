import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import type { Reply } from '#test/support/client.js';
import { contract, resolve } from '#test/support/contract.js';
import { Generator, type Schema } from '#test/support/generate.js';
import { type Operation, operationsOf } from '#test/support/generate-request.js';
import { Known } from '#test/support/known.js';
import { Problems } from '#test/support/problems.js';
import { insertTestNotification } from '#test/support/projects.js';
import { Random } from '#test/support/random.js';

/** Operations whose responses do not end or that wait on purpose. */
const SLOW = new Set(['live-events', 'playground-async', 'playground-events', 'playground-stream']);

/** Operations that search for the words of `q`, between which U+0000 counts as white space. */
const SEARCHES = new Set([
  'GET /api/v1/search',
  'GET /api/v1/search/tasks',
  'GET /api/v1/search/suggest',
  'GET /api/v1/posts',
  'GET /api/v2/articles',
]);

/**
 * Names of fields that may contain U+0000, because no text of theirs is stored or compared with
 * what is stored: they are hashed or ignored.
 */
const NUL_IS_HARMLESS =
  /^(?:(?:current_|new_|confirm_)?password|token|device_token|refresh_token|client_id|client_secret|scope|token_type_hint)$/;

type Place = 'path' | 'query' | 'body';
type Path = readonly (string | number)[];

/** A scalar of a request, which can be replaced. */
interface Field {
  place: Place;
  path: Path;
  schema: Schema;
}

/** The parts of a request. */
interface Parts {
  path: Record<string, unknown>;
  query: Record<string, unknown>;
  body: unknown;
}

interface Target {
  operation: Operation;
  bodyType: string | undefined;
  base: Parts;
  fields: Field[];
}

const testApp = await createTestApp(t, { APP_ENV: 'development', PLAYGROUND: true });
// The lowest ids are limits, too: they belong to what may be deleted.
await testApp.signedIn({ username: 'first' });
const admin = await testApp.signedIn({ username: 'admin', role: 'admin' });
const { id: userId } = await testApp.createUser({ username: 'somebody' });
await insertTestPost(testApp.app, { title: 'The first post' });
const post = await insertTestPost(testApp.app, { title: 'A post' });
const comments = `/api/v1/posts/${post.id}/comments`;
const ids = {
  users: userId,
  posts: post.id,
  comments: await secondOf(comments, (number) => ({ content: `Comment ${number}.` })),
  categories: await secondOf('/api/v1/categories', (number) => ({ name: `Category ${number}` })),
  tags: await secondOf('/api/v1/tags', (number) => ({ name: `Tag ${number}` })),
  projects: await secondOf('/api/v1/projects', (number) => ({
    key: `K${number}`,
    name: 'Project',
  })),
  notifications: await secondNotification(),
};
const project = `/api/v1/projects/${ids.projects}`;
/** What belongs to the project. */
const parts: Record<string, number> = {
  task_id: await secondOf(`${project}/tasks`, (number) => ({ summary: `Task ${number}` })),
  label_id: await secondOf(`${project}/labels`, (number) => ({ name: `Label ${number}` })),
};
const generator = new Generator(contract, new Random(20_261_129), new Known());
const targets = operationsOf(contract)
  .filter(({ id, operation }) => !SLOW.has(id) && !isStream(operation))
  .flatMap(targetsOf);

t.test('finds the fields', async (t) => {
  const fields = targets.flatMap((target) => target.fields);
  t.ok(fields.length > 200, `${fields.length} fields`);
  for (const place of ['path', 'query', 'body']) {
    t.ok(fields.filter((field) => field.place === place).length > 20, place);
  }
});

t.test('accepts the limit of each field, and refuses one more at the field', async (t) => {
  const problems = new Problems();
  let succeeded = 0;
  for (const target of targets) {
    for (const field of target.fields) {
      for (const value of atLimits(field.schema)) {
        const reply = await send(target, field, value);
        if (reply.status < 300) succeeded += 1;
        const wrong = errorsAt(reply, field).filter(({ type }) => LIMIT.test(type));
        problems.unless(
          reply.status < 500 && wrong.length === 0,
          told(target, field, value, reply),
        );
        problems.unless(isLocated(reply), told(target, field, value, reply));
      }
      for (const value of beyondLimits(field.schema)) {
        const reply = await send(target, field, value);
        const right = errorsAt(reply, field).filter(({ type }) => LIMIT.test(type));
        problems.unless(
          reply.status === 422 && right.length === 1,
          told(target, field, value, reply),
        );
      }
    }
  }
  problems.assertNone(t, 'every limit is held');
  t.ok(succeeded > 150, `${succeeded} requests at a limit succeed`);
});

t.test('refuses what the database cannot store, at the field', async (t) => {
  const problems = new Problems();
  for (const target of targets) {
    for (const field of target.fields) {
      if (field.schema.type !== 'string') continue;
      const value = textOf(field.schema, '\0') ?? '\0';
      const reply = await send(target, field, value);
      const isRefused = reply.status === 422 && errorsAt(reply, field).length > 0;
      const isHarmless = mayHaveNul(target, field) && reply.status < 500 && isLocated(reply);
      problems.unless(isRefused || isHarmless, told(target, field, value, reply));
      const errors = errorsAt(reply, field).filter(({ input }) => input !== value);
      problems.unless(errors.length === 0 || isSecret(field), told(target, field, value, reply));
    }
  }
  problems.assertNone(t, 'U+0000 is refused, or reaches no database');
});

t.test('refuses lone surrogates in JSON, at the field', async (t) => {
  const problems = new Problems();
  for (const target of targets) {
    if (target.bodyType !== 'application/json') continue;
    for (const field of target.fields.filter(({ place }) => place === 'body')) {
      for (const value of ['\ud800', `a${'\udc00'}b`, `${'x'.repeat(300)}\udfff`]) {
        const reply = await send(target, field, value);
        const found = errorsAt(reply, field);
        const isRight =
          found[0]?.type === 'string_unicode' && (isSecret(field) || found[0].input === value);
        problems.unless(
          reply.status === 422 && found.length === 1 && isRight,
          told(target, field, value, reply),
        );
      }
    }
  }
  problems.assertNone(t, 'each is string_unicode');
});

t.test('ignores them beside what is declared, as anything else', async (t) => {
  const { status } = await admin.post('/api/v1/tags', { name: 'Other', '\ud800': '\ud800' });
  t.equal(status, 201);
});

/** Creates two resources and returns the id of the second. */
async function secondNotification(): Promise<number> {
  const { id } = (await admin.get('/api/v1/me')).json;
  await insertTestNotification(testApp, id);
  return insertTestNotification(testApp, id);
}

async function secondOf(url: string, bodyOf: (number: number) => unknown): Promise<number> {
  await admin.post(url, bodyOf(1));
  const { status, json } = await admin.post(url, bodyOf(2));
  if (status !== 201) throw new Error(`${url}: ${status}`);
  return json.id;
}

function isStream({ responses = {} }: OpenAPIV3_1.OperationObject): boolean {
  return Object.values(responses).some(
    (response) => 'text/event-stream' in ((response as OpenAPIV3_1.ResponseObject).content ?? {}),
  );
}

/** Returns the operation with each type of its body. */
function targetsOf(operation: Operation): Target[] {
  const base: Parts = { path: {}, query: {}, body: undefined };
  const fields: Field[] = [];
  const { parameters = [], requestBody } = operation.operation;
  for (const parameter of parameters as OpenAPIV3_1.ParameterObject[]) {
    const { name, in: place, schema = {} } = resolve<OpenAPIV3_1.ParameterObject>(parameter);
    if (place !== 'path' && place !== 'query') continue;
    const known = place === 'path' ? knownPart(operation.path, name) : undefined;
    const found = fieldsOf(schema as Schema, place, [name]);
    if (place === 'path') base.path[name] = known ?? full(schema as Schema, name);
    // A list in a path is one text.
    if (place === 'query' || found.length === 1) fields.push(...found.filter(isAlone(place)));
  }
  const body = requestBody as OpenAPIV3_1.RequestBodyObject | undefined;
  if (body === undefined) return [{ operation, bodyType: undefined, base, fields }];
  return Object.entries(body.content)
    .filter(([type]) => type === 'application/json' || type.endsWith('urlencoded'))
    .map(([type, { schema = {} }]) => {
      const value = full(schema as Schema);
      const found = fieldsOf(schema as Schema, 'body', []);
      return {
        operation,
        bodyType: type,
        base: { ...base, body: value },
        fields: [...fields, ...found],
      };
    });
}

/** Path parameters are single texts; lists of them are left out. */
function isAlone(place: Place): (field: Field) => boolean {
  return ({ path }) => place === 'query' || path.length === 1;
}

/** Returns what leads to an existing resource. */
function knownPart(path: string, name: string): unknown {
  if (name === 'slug' && path.includes('/posts/slug/')) return post.slug;
  const table = /\/api\/v1\/(\w+)\/\{/.exec(path)?.[1] ?? '';
  return name === 'id' ? ids[table as keyof typeof ids] : parts[name];
}

function simple(schema: Schema): Schema {
  const target = generator.resolve(schema);
  const choice = (target.anyOf ?? target.oneOf)?.find(
    (each) => generator.resolve(each).type !== 'null',
  );
  return choice === undefined ? target : simple(choice);
}

/** Returns a valid value with all properties, and one item in each list. */
function full(schema: Schema, name?: string): unknown {
  if (name === 'category_id') return ids.categories;
  if (name === 'parent_id') return null;
  // Passwords are wrong, so that the account stays as it is.
  if (name === 'current_password' || name === 'password') return `${PASSWORD}x`;
  const target = simple(schema);
  if (target.type === 'object') {
    const entries = Object.entries(target.properties ?? {});
    return Object.fromEntries(entries.map(([key, property]) => [key, full(property, key)]));
  }
  if (target.type === 'array') return [full(target.items ?? {}, name)];
  return generator.value(target, 0, name);
}

function fieldsOf(schema: Schema, place: Place, path: Path): Field[] {
  const target = simple(schema);
  if (target.enum !== undefined || target.const !== undefined) return [];
  switch (target.type) {
    case 'object':
      return Object.entries(target.properties ?? {}).flatMap(([key, property]) =>
        fieldsOf(property, place, [...path, key]),
      );
    case 'array':
      return fieldsOf(target.items ?? {}, place, [...path, 0]);
    case 'string':
    case 'integer':
      return [{ place, path, schema: target }];
    default:
      return [];
  }
}

const LIMIT = /^(?:(?:string_|password_|url_)?too_|less_than|greater_than)/;

/** Returns a text with a given end that satisfies the schema otherwise; null if there is none. */
function textOf(schema: Schema, end: string, length?: number): string | null {
  const { minLength = 0, pattern, format } = schema;
  if (format !== undefined && format !== 'email' && format !== 'password') return null;
  const size = length ?? Math.max(minLength, 12);
  const forms = ['', 'Aa1!', 'https://example.com/', '1.1.'].map((start) => ({ start, tail: '' }));
  if (format === 'email') forms.unshift({ start: '', tail: '@example.com' });
  for (const { start, tail } of forms) {
    const filler = start === '1.1.' ? '1' : 'a';
    const room = size - start.length - tail.length - end.length;
    if (room < 0) continue;
    const text = `${start}${filler.repeat(room)}${tail}`;
    if (pattern === undefined || new RegExp(pattern, 'u').test(text)) return `${text}${end}`;
  }
  return null;
}

/** The first and last moments of the calendar, also in offsets in which they are beyond it. */
const MOMENTS = [
  ...['0001-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '9999-12-31T23:59:59.999999Z'],
  ...['9999-12-31T23:59:59-23:59', '-62135596800', '253402300799', 253402300799],
];

function atLimits(schema: Schema): unknown[] {
  const { minLength, maxLength, minimum, maximum, format } = schema;
  if (format === 'date-time') return MOMENTS;
  const lengths = [minLength, maxLength].filter((length) => length !== undefined);
  const texts = lengths.map((length) => textOf(schema, '', length)).filter((text) => text !== null);
  return [...texts, ...[minimum, maximum].filter((limit) => limit !== undefined)];
}

function beyondLimits(schema: Schema): unknown[] {
  const { minLength = 0, maxLength, minimum, maximum, format } = schema;
  const values: unknown[] = [];
  // An address longer than this has another reason to be refused.
  if (maxLength !== undefined && (format !== 'email' || maxLength < 254)) {
    values.push(textOf(schema, '', maxLength + 1) ?? 'a'.repeat(maxLength + 1));
  }
  if (minLength > 1) values.push('a'.repeat(minLength - 1));
  if (maximum !== undefined) values.push(maximum + 1);
  if (minimum !== undefined) values.push(minimum - 1);
  return values;
}

/** Returns a copy of a value with another part. */
function replaced(value: unknown, [key, ...rest]: Path, part: unknown): unknown {
  if (key === undefined) return part;
  if (typeof key === 'number') return [replaced((value as unknown[] | undefined)?.[0], rest, part)];
  const object = (value ?? {}) as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, part) };
}

async function send(target: Target, { place, path }: Field, value: unknown) {
  const { operation, bodyType, base } = target;
  const parts = replaced(base, [place, ...path], value) as Parts;
  let url = operation.path;
  for (const [name, part] of Object.entries(parts.path)) {
    url = url.replace(`{${name}}`, () => encodeURIComponent(String([part].flat().join())));
  }
  const query = new URLSearchParams();
  for (const [name, part] of Object.entries(parts.query)) query.set(name, String([part].flat()[0]));
  if (query.size > 0) url += `?${query}`;
  const headers: Record<string, string> = {};
  let payload: string | undefined;
  if (bodyType !== undefined) {
    headers['content-type'] = bodyType;
    payload = bodyType === 'application/json' ? JSON.stringify(parts.body) : formOf(parts.body);
  }
  return admin.request({
    method: operation.method as 'GET',
    url,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
}

function formOf(body: unknown): string {
  const form = new URLSearchParams();
  for (const [name, part] of Object.entries(body as Record<string, unknown>)) {
    for (const each of [part].flat()) form.append(name, String(each));
  }
  return form.toString();
}

interface Item {
  type: string;
  loc: Path;
  input?: unknown;
}

/** The errors of a response at a field. */
function errorsAt({ status, json }: Reply, { place, path }: Field): Item[] {
  const items: Item[] = status === 422 ? (json?.detail ?? []) : [];
  const place_ = [place, ...path].join();
  return items.filter(({ loc }) => loc.join() === place_);
}

/** Whether no error of a response comes from the database, which does not name the field. */
function isLocated({ status, json }: Reply): boolean {
  const items: Item[] = status === 422 ? (json?.detail ?? []) : [];
  return items.every(({ loc, input }) => loc.length > 1 || JSON.stringify(input) !== '{}');
}

function isSecret({ schema }: Field): boolean {
  return schema.format === 'password' || 'writeOnly' in schema;
}

function mayHaveNul({ operation }: Target, { path }: Field): boolean {
  const name = path.findLast((key) => typeof key === 'string') ?? '';
  const isSearch = SEARCHES.has(`${operation.method} ${operation.path}`) && name === 'q';
  return (
    isSearch ||
    operation.path.startsWith('/api/v1/playground') ||
    operation.path.endsWith('/password-strength') ||
    NUL_IS_HARMLESS.test(String(name))
  );
}

function told({ operation }: Target, field: Field, value: unknown, reply: Reply): string {
  const shown = JSON.stringify(value).slice(0, 60);
  const { method, path } = operation;
  return `${method} ${path} ${field.place} ${field.path.join('.')} ${shown}: ${reply.status} ${reply.text.slice(0, 300)}`;
}
