import type { InjectOptions } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { type Definitions, type JsonSchema, largestBody } from '#src/lib/validation/index.js';
import { createTestApp } from '#test/support/app.js';
import { contract, resolve } from '#test/support/contract.js';
import { Generator, type Schema } from '#test/support/generate.js';
import { type Operation, operationsOf } from '#test/support/generate-request.js';
import { findGrowth } from '#test/support/growth.js';
import { type HostileText, mismatchedTexts, mixedTexts } from '#test/support/hostile-texts.js';
import { Known } from '#test/support/known.js';
import { Random } from '#test/support/random.js';

const definitions = (contract.components?.schemas ?? {}) as Definitions;

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Node's limit of all headers, which the service keeps; the URL is one of them. */
const MAX_HEADERS = 16 * 1024;

/** Maximum length of a text of a body, if its limits allow more. */
const MAX_TEXT = 32 * 1024;

/** A shorter limit bounds the time, however it grows. */
const MIN_LIMIT = 1000;

/** Headers that the service or its libraries read in every request. */
const HEADERS = [
  ...['accept', 'accept-encoding', 'accept-language', 'authorization', 'content-type', 'cookie'],
  ...['forwarded', 'host', 'idempotency-key', 'if-match', 'if-modified-since', 'if-none-match'],
  ...['if-range', 'origin', 'range', 'referer', 'user-agent', 'x-api-key', 'x-csrf-token'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-request-id'],
];

/** A read with an entity tag, and a write; together they pass all hooks that read headers. */
const HEADERS_SENT_TO: [method: string, url: string][] = [
  ['GET', '/api/v1/posts'],
  ['POST', '/api/v1/tags'],
];

/**
 * At most this many operations share the texts of one field, such as `If-Match`; each gets a part
 * of them.
 */
const MAX_SHARING = 6;

/** Operations that wait on purpose. */
const WAITING = new Set(['playground-async']);

interface Field {
  name: string;
  /** Equal for fields that are read in the same way. */
  kind: string;
  longest: number[];
  /** Whether no validator limits the text before it is read, which is worth more requests. */
  isReadWhole: boolean;
  /** Maximum size of the URL or body. */
  maxSize: number;
  request(text: string): InjectOptions;
}

const { app, signedIn } = await createTestApp(t, { PLAYGROUND: true });
const generator = new Generator(contract, new Random(1), new Known());
const operations = operationsOf(contract).filter(({ id }) => !WAITING.has(id));
const admin = await signedIn({ username: 'root', role: 'admin' });
const ids = await createResources();
const credentials = await credentialsOf();

t.test('answers every request in linear time', async (t) => {
  const fields = [...operations.flatMap(fieldsOf), ...headerFields()];
  const [mixed, single] = [mixedTexts(), mismatchedTexts()];
  const sharing = new Map<string, Field[]>();
  for (const field of fields) {
    sharing.set(field.kind, [...(sharing.get(field.kind) ?? []), field]);
  }
  t.ok(fields.length > 400, `${fields.length} fields`);
  t.comment(`${sharing.size} kinds of fields`);
  const statuses = new Map<number, number>();
  const slow: string[] = [];
  const send = async (request: InjectOptions) => {
    const { statusCode } = await app.inject(request);
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
  };
  for (const sharers of sharing.values()) {
    const parts = Math.min(sharers.length, MAX_SHARING);
    for (const [index, { name, longest, isReadWhole, maxSize, request }] of sharers.entries()) {
      const own = (isReadWhole ? single : mixed).filter(
        (_, each) => each % parts === index % parts,
      );
      const begin = performance.now();
      for (const text of own) {
        for (const most of longest) {
          const length = fittingLength(request, text, most, maxSize);
          const growth = await findGrowth(send, (size) => request(text.textOf(size)), length);
          if (growth !== null) slow.push(`${name} for ${text.name}: ${growth}`);
        }
      }
      const took = performance.now() - begin;
      if (took > 500) t.comment(`${name}: ${took.toFixed(0)} ms`);
    }
  }
  t.comment(JSON.stringify([...statuses]));
  t.same(slow, []);
  t.equal((await admin.get('/api/v1/me')).status, 200, 'every request had a valid session');
});

/** Returns the length of a text up to which the request is not rejected for its size. */
function fittingLength(
  request: (text: string) => InjectOptions,
  { textOf }: HostileText,
  longest: number,
  maxSize: number,
): number {
  const size = (length: number) => {
    const { url, payload, headers } = request(textOf(length));
    return Buffer.byteLength(`${url}${JSON.stringify(headers)}${payload ?? ''}`);
  };
  const [empty, full] = [size(0), size(longest)];
  if (full <= maxSize) return longest;
  return Math.max(1, Math.floor((longest * (maxSize - empty)) / (full - empty)));
}

/** Returns the id of a resource by the name of its collection. */
async function createResources(): Promise<Record<string, number>> {
  const post = await created('posts', { title: 'Title', content: 'Text', status: 'published' });
  return {
    posts: post,
    categories: await created('categories', { name: 'Category' }),
    tags: await created('tags', { name: 'Tag' }),
    users: await created('users', { username: 'author' }),
    comments: await created(`posts/${post}/comments`, { content: 'Text' }),
  };
}

async function created(collection: string, body: unknown): Promise<number> {
  const { status, json } = await admin.post(`/api/v1/${collection}`, body);
  if (status !== 201) throw new Error(`Could not create one of ${collection}: ${status}`);
  return json.id;
}

/** The requests are sent without the client, whose checks take time as well. */
async function credentialsOf(): Promise<Record<string, string>> {
  const csrfToken = (await admin.get('/api/v1/auth/csrf')).json.csrf_token;
  const cookies = (['session', 'csrf'] as const).map((kind) => {
    const { name } = app.cookieOf(kind);
    return `${name}=${admin.cookie(name)}`;
  });
  return { cookie: cookies.join('; '), 'x-csrf-token': csrfToken };
}

function fieldsOf({ id, method, path, operation }: Operation): Field[] {
  const parameters = (operation.parameters ?? []).map((each) =>
    resolve<OpenAPIV3_1.ParameterObject>(each),
  );
  const url = pathOf(path);
  const valid = validBody(operation);
  const found = parameters.map((parameter): Field => {
    const { name, in: place, schema } = parameter;
    return {
      name: `${id} ${name}`,
      kind: JSON.stringify([place, name, schema]),
      longest: [MAX_HEADERS],
      isReadWhole: false,
      maxSize: MAX_HEADERS,
      request(text) {
        const base = { method, url, ...valid, headers: { ...credentials, ...valid.headers } };
        switch (place) {
          case 'path':
            return { ...base, url: pathOf(path, { [name]: encode(text) }) } as InjectOptions;
          case 'query':
            return { ...base, url: `${url}?${name}=${encode(text)}` } as InjectOptions;
          case 'cookie': {
            const cookie = `${credentials['cookie']}; ${name}=${headerText(text)}`;
            return { ...base, headers: { ...base.headers, cookie } } as InjectOptions;
          }
          default:
            return {
              ...base,
              headers: { ...base.headers, [name]: headerText(text) },
            } as InjectOptions;
        }
      },
    };
  });
  return [...found, ...bodyFields(id, method, url, operation)];
}

interface Body {
  headers: Record<string, string>;
  payload?: string;
}

/** Returns a valid body of the first type, if the operation takes one. */
function validBody({ requestBody }: OpenAPIV3_1.OperationObject): Body {
  if (requestBody === undefined) return { headers: {} };
  const { content } = resolve<OpenAPIV3_1.RequestBodyObject>(requestBody);
  const [[type, { schema = {} }] = [JSON_TYPE, {}]] = Object.entries(content);
  return encodeBody(type, exampleOf(schema as Schema));
}

function bodyFields(
  id: string,
  method: string,
  url: string,
  { requestBody }: OpenAPIV3_1.OperationObject,
): Field[] {
  if (requestBody === undefined) return [];
  const { content } = resolve<OpenAPIV3_1.RequestBodyObject>(requestBody);
  return Object.entries(content).flatMap(([type, { schema = {} }]) =>
    placesIn(schema as Schema).map(({ path, schema: own, withText }) => ({
      name: `${id} ${type} ${path}`,
      kind: JSON.stringify([type, own.maxLength === undefined && id, path.split('.').at(-1), own]),
      longest: lengthsOf(own),
      isReadWhole: false,
      maxSize: largestBody(schema as JsonSchema, definitions),
      request(text: string) {
        const { headers, payload } = encodeBody(type, withText(text));
        const all = { ...credentials, ...headers };
        return { method, url, headers: all, payload } as InjectOptions;
      },
    })),
  );
}

/** A text of its maximum length is valid and passes the validator. */
function lengthsOf({ maxLength = 0 }: Schema): number[] {
  return maxLength >= MIN_LIMIT && maxLength < MAX_TEXT ? [MAX_TEXT, maxLength] : [MAX_TEXT];
}

interface Place {
  path: string;
  schema: Schema;
  /** Returns an otherwise valid value with the text in this place. */
  withText(text: string): unknown;
}

/** Returns every place of a value that a text can stand in, including names of fields. */
function placesIn(given: Schema, path = '', depth = 0): Place[] {
  const schema = generator.resolve(given);
  const places: Place[] = [{ path, schema, withText: (text) => text }];
  if (depth > 3) return places;
  const { properties, items, anyOf = [], oneOf = [], allOf = [] } = schema;
  for (const part of [...anyOf, ...oneOf, ...allOf]) {
    // The choice itself is such a place already.
    places.push(...placesIn(part, path, depth + 1).slice(1));
  }
  if (items !== undefined) {
    for (const { withText, ...place } of placesIn(items, `${path}[]`, depth + 1)) {
      places.push({ ...place, withText: (text) => [withText(text)] });
    }
  }
  if (properties !== undefined || schema.type === 'object') {
    const example = exampleOf(schema) as object;
    places.push({
      path: `${path}.*`,
      schema,
      withText: (text) => ({ ...example, [text]: 1 }),
    });
    for (const [name, property] of Object.entries(properties ?? {})) {
      for (const { withText, ...place } of placesIn(property, `${path}.${name}`, depth + 1)) {
        places.push({ ...place, withText: (text) => ({ ...example, [name]: withText(text) }) });
      }
    }
  }
  return places;
}

function exampleOf(schema: Schema): unknown {
  const { examples } = generator.resolve(schema);
  return examples?.[0] ?? generator.value(schema, 0);
}

function encodeBody(type: string, value: unknown): Required<Body> {
  const headers = { 'content-type': type };
  if (type === JSON_TYPE) return { headers, payload: JSON.stringify(value) };
  if (type !== FORM_TYPE || typeof value === 'string') return { headers, payload: String(value) };
  const entries = Object.entries(value as object).map(([name, each]): [string, string] => [
    name,
    typeof each === 'string' ? each : JSON.stringify(each),
  ]);
  return { headers, payload: new URLSearchParams(entries).toString() };
}

function headerFields(): Field[] {
  return HEADERS_SENT_TO.flatMap(([method, url]) =>
    HEADERS.map((name) => ({
      name: `${method} ${url} ${name}`,
      kind: `${method} ${url} ${name}`,
      longest: [MAX_HEADERS],
      isReadWhole: true,
      maxSize: MAX_HEADERS,
      request: (text: string) =>
        ({
          method,
          url,
          headers: { ...credentials, 'content-type': JSON_TYPE, [name]: headerText(text) },
          ...(method === 'POST' && { payload: '{"name":"Tag"}' }),
        }) as InjectOptions,
    })),
  );
}

/** Fills in the path of an existing resource, if the operation is one of {@link ids}. */
function pathOf(template: string, given: Record<string, string> = {}): string {
  const collection = template.split('/')[3] ?? '';
  const id = String(ids[collection] ?? 1);
  return template.replace(
    /\{(\w+)\}/g,
    (_, name: string) => given[name] ?? (name === 'id' ? id : '1'),
  );
}

function encode(text: string): string {
  // Conversion to bytes replaces lone surrogates, which `encodeURIComponent` rejects.
  return encodeURIComponent(Buffer.from(text).toString());
}

/** Replaces what Node refuses in headers. */
function headerText(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}
