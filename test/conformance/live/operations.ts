import type { BodyMode, JsonSchema, ParameterPlace } from '#src/lib/validation/index.js';
import type { Operation, Parameter } from '#test/conformance/service.js';
import { COMPONENTS, KINDS, type Kind, STRUCTURES } from './kinds.js';

/** How requests to an operation are made. */
export type Place = 'path' | 'query' | 'header' | 'cookie' | 'json' | 'form' | 'file';

/** An operation of both services. */
export interface LiveOperation extends Operation {
  /** The place of its values. */
  place: Place;
  /** The kinds of its values by name; a body that is one value has the name `''`. */
  values: Readonly<Record<string, Kind>>;
  /** Whether a valid request is only answered with `true`. */
  silent: boolean;
}

export interface LiveService {
  operations: readonly LiveOperation[];
  schemas: Readonly<Record<string, JsonSchema>>;
}

interface Plan {
  place: Place;
  values: Readonly<Record<string, Kind>>;
  parameters?: readonly Parameter[];
  models?: Operation['models'];
  body?: { mode: BodyMode; schema: JsonSchema; contentType?: string; required?: boolean };
}

const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** `int-range` becomes `IntRange`. */
const className = (name: string): string =>
  name.replace(/(?:^|-)(\w)/g, (_all, first: string) => first.toUpperCase());

/** Builds an operation with every kind in every place, and some with several parts. */
export function planService(): LiveService {
  const operations: LiveOperation[] = [];
  const schemas: Record<string, JsonSchema> = { ...COMPONENTS };
  const kinds = new Map([...KINDS, ...STRUCTURES].map((kind) => [kind.name, kind]));
  const kindOf = (name: string): Kind => {
    const kind = kinds.get(name);
    if (kind === undefined) throw new Error(`There is no kind ${name}`);
    return kind;
  };

  function add(method: string, path: string, plan: Plan): void {
    const { place, values, parameters = [], models = {}, body } = plan;
    operations.push({
      method,
      path,
      place,
      values,
      parameters,
      models,
      silent: Object.values(values).some(({ silent }) => silent === true),
      ...(body && {
        body: {
          mode: body.mode,
          schema: body.schema,
          contentType: body.contentType ?? 'application/json',
          required: body.required ?? true,
        },
      }),
      answer: (given, content) => (body === undefined ? withoutNulls(given) : plain(content)),
    });
  }

  function addBody(path: string, values: Plan['values'], body: NonNullable<Plan['body']>): void {
    const isForm = body.mode.startsWith('form');
    const isMultipart = body.contentType === 'multipart/form-data';
    add('POST', path, { place: isMultipart ? 'file' : isForm ? 'form' : 'json', values, body });
  }

  /** Names a model of properties. */
  function model(name: string, properties: Record<string, JsonSchema>, required: string[]) {
    schemas[name] = { title: name, type: 'object', required, properties };
    return ref(name);
  }

  for (const kind of [...KINDS, ...STRUCTURES]) {
    const { name, schema } = kind;
    const holder = model(`${className(name)}Holder`, { v: schema, w: schema }, ['v']);
    addBody(`/body/${name}`, { v: kind, w: kind }, { mode: 'model', schema: holder });
    addBody(`/top/${name}`, { '': kind }, { mode: 'model', schema });
  }
  for (const kind of KINDS) {
    const { name, schema } = kind;
    const required = (place: ParameterPlace, key: string) =>
      ({ in: place, name: key, required: true, schema }) satisfies Parameter;
    add('GET', `/path/${name}/{v}`, {
      place: 'path',
      values: { v: kind },
      parameters: [required('path', 'v')],
    });
    add('GET', `/query/${name}`, {
      place: 'query',
      values: { v: kind, w: kind, list: kind },
      parameters: [
        required('query', 'v'),
        { in: 'query', name: 'w', schema },
        { in: 'query', name: 'list', schema: list(schema) },
      ],
    });
    add('GET', `/header/${name}`, {
      place: 'header',
      values: { 'x-value': kind },
      parameters: [required('header', 'x-value')],
    });
    add('GET', `/cookie/${name}`, {
      place: 'cookie',
      values: { v: kind },
      parameters: [required('cookie', 'v')],
    });
    if (name === 'bytes') continue;
    addBody(
      `/form/${name}`,
      { v: kind, w: kind, list: kind },
      {
        mode: 'form',
        contentType: 'application/x-www-form-urlencoded',
        schema: {
          type: 'object',
          required: ['v'],
          properties: { v: schema, w: schema, list: { ...list(schema), default: [] } },
        },
      },
    );
  }

  const item = kindOf('item');
  const int = kindOf('int');
  const text = kindOf('str-length');
  addBody('/optional', { '': item }, { mode: 'model', schema: item.schema, required: false });
  const two = model('Two', { item: item.schema, n: int.schema }, ['item', 'n']);
  addBody('/two', { item, n: int }, { mode: 'embed', schema: two });
  const maybe = model('Maybe', { item: item.schema, n: int.schema }, ['item']);
  addBody('/maybe', { item, n: int }, { mode: 'embed', schema: maybe });

  const form = { username: text, age: int, tags: text, ok: kindOf('bool') };
  const urlencoded = 'application/x-www-form-urlencoded';
  for (const [path, contentType] of [
    ['/form-model', urlencoded],
    ['/multipart-model', 'multipart/form-data'],
  ] as const) {
    addBody(path, form, { mode: 'form-model', schema: ref('Form'), contentType });
  }
  const closedForm = { username: text, count: int };
  addBody('/form-closed', closedForm, {
    mode: 'form-model',
    schema: ref('ClosedForm'),
    contentType: urlencoded,
  });
  const file: JsonSchema = { type: 'string', format: 'binary' };
  addBody(
    '/files',
    { username: text, age: int, file: kindOf('bytes'), files: kindOf('bytes') },
    {
      mode: 'form',
      contentType: 'multipart/form-data',
      schema: {
        type: 'object',
        required: ['username', 'file'],
        properties: { username: text.schema, age: int.schema, file, files: list(file) },
      },
    },
  );

  const query: Parameter[] = [
    {
      in: 'query',
      name: 'limit',
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
    },
    { in: 'query', name: 'text', required: true, schema: text.schema },
    { in: 'query', name: 'tags', schema: { ...list(text.schema), default: [] } },
  ];
  const queryKinds = { limit: kindOf('int-range'), text, tags: text };
  add('GET', '/query-model', {
    place: 'query',
    values: queryKinds,
    parameters: query,
    models: { query: true },
  });
  add('GET', '/query-open', {
    place: 'query',
    values: queryKinds,
    parameters: query,
    models: { query: false },
  });
  add('GET', '/cookie-model', {
    place: 'cookie',
    values: { a: int, b: text },
    parameters: [
      { in: 'cookie', name: 'a', required: true, schema: int.schema },
      { in: 'cookie', name: 'b', schema: text.schema },
    ],
    models: { cookie: false },
  });
  add('GET', '/header-model', {
    place: 'header',
    values: { 'save-data': int, 'x-text': text },
    parameters: [
      { in: 'header', name: 'save-data', required: true, schema: int.schema },
      { in: 'header', name: 'x-text', schema: text.schema },
    ],
    models: { header: false },
  });
  add('GET', '/header-list', {
    place: 'header',
    values: { 'x-value': int },
    parameters: [{ in: 'header', name: 'x-value', schema: list(int.schema) }],
  });
  return { operations, schemas };
}

/** What the other service answers of a file. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if ('filename' in value && 'size' in value) return { filename: value.filename, size: value.size };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function withoutNulls(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
