import t, { type Test } from 'tap';
import { compareContracts } from '#openapi/tools/contract-diff/index.js';

type Json = Record<string, unknown>;

const text = { type: 'string' };
const number = { type: 'integer' };
const nothing = { type: 'null' };

function objectOf(properties: Json, required: string[] = [], rest: Json = {}): Json {
  return { type: 'object', properties, required, ...rest };
}

/** A valid document with one operation, to be changed by a test. */
function document(operation: Json = {}, components: Json = {}): Json {
  const responses = { 200: { description: 'Done' } };
  return {
    openapi: '3.1.0',
    paths: { '/things': { get: { operationId: 'things', responses, ...operation } } },
    components,
  };
}

const accepting = (schema: Json, schemas: Json = {}) =>
  document({ requestBody: { content: { 'application/json': { schema } } } }, { schemas });

const answering = (schema: Json, schemas: Json = {}) =>
  document({ responses: { 200: { content: { 'application/json': { schema } } } } }, { schemas });

function show(before: Json, after: Json): string[] {
  return compareContracts(before, after).map(
    ({ severity, where, what }) => `${severity}: ${where} ${what}`,
  );
}

/** Returns the findings for a change and for its reversal; empty if no client is affected. */
function bothWays(
  t: Test,
  name: string,
  [before, after]: [Json, Json],
  there: string[],
  back: string[] = [],
): void {
  t.same(show(before, before), [], `${name}: no change`);
  t.same(show(before, after), there, name);
  t.same(show(after, before), back, `${name}: reversed`);
}

t.test('operations', async (t) => {
  const empty = { openapi: '3.1.0', paths: {} };
  bothWays(t, 'path', [document(), empty], ['breaking: GET /things was removed']);

  const both = document();
  const item = (both['paths'] as Record<string, Json>)['/things'] as Json;
  item['post'] = { responses: {} };
  bothWays(t, 'method', [both, document()], ['breaking: POST /things was removed']);

  bothWays(
    t,
    'operationId',
    [document(), document({ operationId: 'list' })],
    ['breaking: GET /things its operationId was things, is list'],
    ['breaking: GET /things its operationId was list, is things'],
  );
});

t.test('security', async (t) => {
  const open = document({ security: [{}, { session: [] }] });
  const closed = document({ security: [{ session: [] }] });
  bothWays(
    t,
    'the open alternative',
    [open, closed],
    ['breaking: GET /things it can no longer be called with no credentials'],
  );
  bothWays(
    t,
    'one of two schemes',
    [document({ security: [{ session: [] }, { token: ['read'] }] }), closed],
    ['breaking: GET /things it can no longer be called with token (read)'],
  );
  bothWays(
    t,
    'another scope',
    [
      document({ security: [{ token: ['read'] }] }),
      document({ security: [{ token: ['read', 'write'] }] }),
    ],
    ['breaking: GET /things it can no longer be called with token (read)'],
  );
  bothWays(
    t,
    'what holds for the whole document',
    [document(), { ...document(), security: [{ session: [] }] }],
    ['breaking: GET /things it can no longer be called with no credentials'],
  );
  const scheme = (name: string) =>
    document({}, { securitySchemes: { key: { type: 'apiKey', in: 'header', name } } });
  const moved = ['breaking: security scheme key works another way'];
  bothWays(t, 'the scheme itself', [scheme('x-key'), scheme('x-api-key')], moved, moved);
});

t.test('parameters', async (t) => {
  const taking = (...parameters: Json[]) => document({ parameters });
  const q = { in: 'query', name: 'q', schema: text };
  const where = 'GET /things: query q';

  bothWays(t, 'optional', [taking(), taking(q)], [], [`warning: ${where} was removed`]);
  bothWays(
    t,
    'required and new',
    [taking(), taking({ ...q, required: true })],
    [`breaking: ${where} is new and required`],
    [`warning: ${where} was removed`],
  );
  bothWays(
    t,
    'required',
    [taking(q), taking({ ...q, required: true })],
    [`breaking: ${where} is now required`],
  );
  bothWays(
    t,
    'another type',
    [taking(q), taking({ ...q, schema: number })],
    [`breaking: ${where} may no longer be string, but integer`],
    [`breaking: ${where} may no longer be integer, but string`],
  );
  const style = [`breaking: ${where} is written another way: its style or explode has changed`];
  bothWays(t, 'style', [taking(q), taking({ ...q, style: 'pipeDelimited' })], style, style);

  const header = (name: string) => taking({ in: 'header', name, schema: text });
  t.same(show(header('If-Match'), header('if-match')), [], 'header names are case-insensitive');

  const shared = document();
  (shared['paths'] as Record<string, Json>)['/things'] = {
    parameters: [{ $ref: '#/components/parameters/q' }],
    get: { operationId: 'things', responses: { 200: { description: 'Done' } } },
  };
  shared['components'] = { parameters: { q: { ...q, required: true } } };
  bothWays(
    t,
    'of the whole path, and by reference',
    [taking(q), shared],
    [`breaking: ${where} is now required`],
  );
});

t.test('bodies', async (t) => {
  const sending = (type: string, required = false) =>
    document({ requestBody: { required, content: { [type]: { schema: text } } } });
  const body = 'GET /things: body';
  bothWays(
    t,
    'optional',
    [document(), sending('text/plain')],
    [],
    [`warning: ${body} was removed`],
  );
  bothWays(
    t,
    'required',
    [sending('text/plain'), sending('text/plain', true)],
    [`breaking: ${body} is now required`],
  );
  bothWays(
    t,
    'another type',
    [sending('text/plain'), sending('text/csv')],
    [`breaking: ${body} text/plain was removed`],
    [`breaking: ${body} text/csv was removed`],
  );
});

t.test('responses', async (t) => {
  const answers = (responses: Json) => document({ responses });
  const done = { description: 'Done' };
  bothWays(
    t,
    'a failure',
    [answers({ 200: done, 404: done }), answers({ 200: done })],
    ['breaking: GET /things: 404 was removed'],
  );
  bothWays(
    t,
    'a success',
    [answers({ 200: done, 202: done }), answers({ 200: done })],
    ['breaking: GET /things: 202 was removed'],
    ['warning: GET /things: 202 is new: another way to succeed'],
  );
  bothWays(
    t,
    'a content type',
    [answers({ 200: { content: { 'text/csv': {} } } }), answers({ 200: done })],
    ['breaking: GET /things: 200 text/csv was removed'],
  );
  const withHeader = (header: Json) => answers({ 200: { headers: { ETag: header } } });
  bothWays(
    t,
    'a header',
    [withHeader({ schema: text }), answers({ 200: done })],
    ['breaking: GET /things: 200: header ETag was removed'],
  );
  bothWays(
    t,
    'a header that was sure',
    [withHeader({ required: true, schema: text }), withHeader({ schema: text })],
    ['breaking: GET /things: 200: header ETag may now be missing'],
  );

  const shared = (ETag: Json) => ({
    ...answers({ 200: { $ref: '#/components/responses/Found' } }),
    components: {
      responses: { Found: { headers: { ETag: { $ref: '#/components/headers/ETag' } } } },
      headers: { ETag },
    },
  });
  t.same(
    show(withHeader({ required: true, schema: text }), shared({ required: true, schema: text })),
    [],
    'referenced header',
  );
  bothWays(
    t,
    'a header by reference, of an answer by reference',
    [shared({ required: true, schema: text }), shared({ schema: text })],
    ['breaking: GET /things: 200: header ETag may now be missing'],
  );
  bothWays(
    t,
    'a header of which nobody is told any more, by reference',
    [shared({ schema: text }), answers({ 200: done })],
    ['breaking: GET /things: 200: header ETag was removed'],
  );
});

t.test('properties', async (t) => {
  const bare = objectOf({ a: text });
  const more = objectOf({ a: text, b: text });
  const sure = objectOf({ a: text, b: text }, ['b']);
  const body = 'GET /things: body';
  const answer = 'GET /things: 200';

  bothWays(
    t,
    'optional, in a request',
    [accepting(bare), accepting(more)],
    [],
    [`warning: ${body}.b was removed and is ignored`],
  );
  const strict = { additionalProperties: false };
  bothWays(
    t,
    'optional, in a strict request',
    [accepting({ ...bare, ...strict }), accepting({ ...more, ...strict })],
    [],
    [`breaking: ${body}.b was removed and is refused`],
  );
  bothWays(
    t,
    'required, in a request',
    [accepting(more), accepting(sure)],
    [`breaking: ${body}.b is now required`],
  );
  bothWays(
    t,
    'new and required, in a request',
    [accepting(bare), accepting(sure)],
    [`breaking: ${body}.b is now required`],
    [`warning: ${body}.b was removed and is ignored`],
  );
  bothWays(
    t,
    'unknown ones, in a request',
    [accepting(bare), accepting({ ...bare, ...strict })],
    [`breaking: ${body} refuses unknown properties now`],
  );
  bothWays(
    t,
    'in an answer',
    [answering(more), answering(bare)],
    [`breaking: ${answer}.b was removed`],
  );
  bothWays(
    t,
    'sure, in an answer',
    [answering(sure), answering(more)],
    [`breaking: ${answer}.b may now be missing`],
  );
  bothWays(
    t,
    'the values of what was open, in a request',
    [accepting(bare), accepting({ ...bare, additionalProperties: text })],
    [`breaking: ${body}.* may no longer be any, but string`],
  );
  const mapOf = (additionalProperties: Json) => ({ type: 'object', additionalProperties });
  bothWays(
    t,
    'the values of a map, in an answer',
    [answering(mapOf(number)), answering(mapOf({ type: 'number' }))],
    [`breaking: ${answer}.* may now be number, not only integer`],
  );
});

t.test('types', async (t) => {
  const body = 'GET /things: body';
  const answer = 'GET /things: 200';
  const nullable = { anyOf: [text, nothing] };
  bothWays(
    t,
    'null, in a request',
    [accepting(nullable), accepting(text)],
    [`breaking: ${body} may no longer be null, but string`],
  );
  bothWays(
    t,
    'null, in an answer',
    [answering(text), answering({ type: ['string', 'null'] })],
    [`breaking: ${answer} may now be null, not only string`],
  );
  t.same(show(answering(nullable), answering({ type: ['string', 'null'] })), [], 'two notations');
  bothWays(
    t,
    'a number that was whole, in a request',
    [accepting({ type: 'number' }), accepting(number)],
    [`breaking: ${body} may no longer be number, but integer`],
  );
  bothWays(
    t,
    'anything, in an answer',
    [answering(text), answering({})],
    [`breaking: ${answer} may now be any, not only string`],
  );
  bothWays(
    t,
    'the items of an array, in an answer',
    [answering({ type: 'array', items: text }), answering({ type: 'array', items: nullable })],
    [`breaking: ${answer}[] may now be null, not only string`],
  );
  bothWays(
    t,
    'a format, in a request',
    [accepting(text), accepting({ ...text, format: 'date' })],
    [`breaking: ${body} \`format\` was none, is "date"`],
  );
  bothWays(
    t,
    'a format, in an answer',
    [answering({ ...text, format: 'date' }), answering(text)],
    [`breaking: ${answer} \`format\` was "date", is none`],
  );
});

t.test('values', async (t) => {
  const one = { type: 'string', enum: ['a'] };
  const two = { type: 'string', enum: ['a', 'b'] };
  bothWays(
    t,
    'in a request',
    [accepting(two), accepting(one)],
    ['breaking: GET /things: body may no longer be "b"'],
  );
  bothWays(
    t,
    'in an answer, where they are a warning',
    [answering(one), answering(two)],
    ['warning: GET /things: 200 may now be "b"'],
  );
  bothWays(
    t,
    'any value, in a request',
    [accepting(text), accepting({ const: 'a' })],
    ['breaking: GET /things: body the list of values was none, is ["a"]'],
  );
  bothWays(
    t,
    'any value, in an answer',
    [answering(one), answering(text)],
    ['breaking: GET /things: 200 the list of values was ["a"], is none'],
  );
  bothWays(
    t,
    'null among them',
    [accepting({ type: ['string', 'null'], enum: ['a', null] }), accepting(one)],
    ['breaking: GET /things: body may no longer be null, but string'],
  );
  const before = { ...text, default: 'a' };
  const changed = (was: string, is: string) => [
    `warning: GET /things: body its default was "${was}", is "${is}"`,
  ];
  bothWays(
    t,
    'the default',
    [accepting(before), accepting({ ...before, default: 'b' })],
    changed('a', 'b'),
    changed('b', 'a'),
  );
});

t.test('treats limits as breaking in requests and as warnings in responses', async (t) => {
  const limits: [keyword: string, wide: unknown, narrow: unknown, type: string][] = [
    ['minLength', 1, 2, 'string'],
    ['maxLength', 20, 10, 'string'],
    ['pattern', undefined, '^a', 'string'],
    ['minItems', undefined, 1, 'array'],
    ['maxItems', undefined, 9, 'array'],
    ['uniqueItems', undefined, true, 'array'],
    ['minProperties', undefined, 1, 'object'],
    ['maxProperties', 9, 8, 'object'],
    ['minimum', 0, 1, 'number'],
    ['maximum', 9, 8, 'integer'],
    ['exclusiveMinimum', undefined, 0, 'number'],
    ['exclusiveMaximum', 10, 9, 'number'],
    ['multipleOf', undefined, 5, 'number'],
  ];
  for (const [keyword, wide, narrow, type] of limits) {
    const limited = (value: unknown) =>
      value === undefined ? { type } : { type, [keyword]: value };
    const [was, is] = [wide ?? 'none', narrow].map((each) =>
      each === 'none' ? each : JSON.stringify(each),
    );
    bothWays(
      t,
      `${keyword} in a request`,
      [accepting(limited(wide)), accepting(limited(narrow))],
      [`breaking: GET /things: body \`${keyword}\` was ${was}, is ${is}`],
    );
    bothWays(
      t,
      `${keyword} in an answer`,
      [answering(limited(narrow)), answering(limited(wide))],
      [`warning: GET /things: 200 \`${keyword}\` was ${is}, is ${was}`],
    );
  }
  const positive = [
    { ...number, minimum: 1 },
    { ...number, exclusiveMinimum: 0 },
  ] as const;
  bothWays(t, 'two spellings', [accepting(positive[0]), accepting(positive[1])], []);
  bothWays(
    t,
    'the limit itself',
    [accepting({ type: 'number', minimum: 1 }), accepting({ type: 'number', exclusiveMinimum: 1 })],
    ['breaking: GET /things: body `exclusiveMinimum` was none, is 1'],
  );
});

t.test('reports what cannot be compared', async (t) => {
  const odd = { ...text, not: { const: 'x' } };
  bothWays(
    t,
    'not',
    [accepting(text), accepting(odd)],
    ['breaking: GET /things: body `not` was none, is {"const":"x"}'],
    ['breaking: GET /things: body `not` was {"const":"x"}, is none'],
  );
});

t.test('references', async (t) => {
  const thing = { $ref: '#/components/schemas/Thing' };
  const list = { type: 'array', items: thing };
  const before = objectOf({ name: text, parent: thing, next: { anyOf: [thing, nothing] } });
  const after = objectOf({ ...(before['properties'] as Json), name: number });
  const removed = 'Thing in answers.name may now be integer, not only string';
  const back = 'Thing in answers.name may now be string, not only integer';
  bothWays(
    t,
    'a component that contains itself is told of once',
    [answering(list, { Thing: before }), answering(list, { Thing: after })],
    [`breaking: ${removed}`],
    [`breaking: ${back}`],
  );
  const mixed = (maxLength: number) =>
    answering(thing, { Thing: { type: ['integer', 'string'], maxLength } });
  bothWays(
    t,
    'a component of several types',
    [mixed(8), mixed(9)],
    ['warning: Thing in answers `maxLength` was 8, is 9'],
  );
  const renamed = [{ Thing: before }, { ...after, required: ['name'] }] as const;
  const other = { type: 'array', items: { $ref: '#/components/schemas/Other' } };
  t.same(
    show(accepting(list, renamed[0]), accepting(other, { Thing: before, Other: renamed[1] })),
    [
      'breaking: GET /things: body[].name may no longer be string, but integer',
      'breaking: GET /things: body[].name is now required',
    ],
    'renamed component',
  );
  t.same(
    show(
      accepting(objectOf({ name: text })),
      accepting(thing, { Thing: objectOf({ name: text }) }),
    ),
    [],
    'same schema, inline and referenced',
  );
  t.same(
    show(
      accepting({ allOf: [thing, objectOf({ b: text })] }, { Thing: objectOf({ a: text }) }),
      accepting(objectOf({ a: text, b: number })),
    ),
    ['breaking: GET /things: body.b may no longer be string, but integer'],
    'allOf with one schema',
  );
  t.same(show(answering({ $ref: '#/none' }), answering({})), [], 'dangling reference');
  const loop = { Thing: thing };
  t.same(show(answering(thing, loop), answering(thing, loop)), [], 'circular reference');
});

t.test('unions', async (t) => {
  const [cat, dog] = ['Cat', 'Dog'].map((name) => ({ $ref: `#/components/schemas/${name}` }));
  const schemas = {
    Cat: objectOf({ lives: number }, ['lives']),
    Dog: objectOf({ tricks: text }, ['tricks']),
  };
  bothWays(
    t,
    'in a request',
    [accepting({ oneOf: [cat, dog] }, schemas), accepting({ oneOf: [cat] }, schemas)],
    [
      'breaking: GET /things: body.lives is now required',
      'warning: GET /things: body.tricks was removed and is ignored',
    ],
  );
  bothWays(
    t,
    'a member is compared with its namesake',
    [
      accepting({ anyOf: [cat, dog] }, schemas),
      accepting({ anyOf: [dog, cat] }, { ...schemas, Dog: objectOf({ tricks: number }) }),
    ],
    ['breaking: Dog in requests.tricks may no longer be string, but integer'],
    [
      'breaking: Dog in requests.tricks may no longer be integer, but string',
      'breaking: Dog in requests.tricks is now required',
    ],
  );
});
