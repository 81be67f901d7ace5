import { readFileSync } from 'node:fs';
import {
  type BodyMode,
  compileBody,
  type ParsedBody,
} from '../../../../src/lib/validation/compile-body.js';
import {
  compileParameters,
  type ParameterPlace,
  type RawParameters,
} from '../../../../src/lib/validation/compile-parameters.js';
import type { ErrorItem } from '../../../../src/lib/validation/error-item.js';
import { isJsonContentType } from '../../../../src/lib/validation/json-content-type.js';
import { parseJson } from '../../../../src/lib/validation/parse-json.js';
import type { Definitions, JsonSchema } from '../../../../src/lib/validation/schema.js';

/** A parameter as OpenAPI lists it. */
export interface Parameter {
  name: string;
  in: ParameterPlace;
  required: boolean;
  schema: JsonSchema;
}

/** What the recorded service declared for one operation. */
export interface Operation {
  pathTemplate: string;
  parameters: readonly Parameter[];
  /** Places whose parameters were declared as one model. */
  models: Readonly<Partial<Record<ParameterPlace, { forbidsExtra: boolean }>>>;
  body?: { schema: JsonSchema; mode: BodyMode; required: boolean };
  definitions: Definitions;
}

/** A request, taken apart as far as a router and a body parser take it apart. */
export interface Request {
  path: string;
  query: readonly (readonly [string, string])[];
  headers: readonly (readonly [string, string])[];
  cookies: Readonly<Record<string, string>>;
  contentType: string | undefined;
  /** Undecoded body, or form fields when a form parser has read it. */
  text: string;
  form?: readonly (readonly [string, unknown])[];
}

/** What the operation answers before its handler runs. */
export type Outcome =
  | { status: 400; body: unknown }
  | { status: 422; body: { detail: ErrorItem[] } }
  | { status: 200; values: Record<string, unknown>; content: unknown };

const PLACES: readonly ParameterPlace[] = ['path', 'query', 'header', 'cookie'];

/** Reads a fixture. */
export function readFixture<T>(name: string): T {
  const url = new URL(`../../../fixtures/fastapi-422/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as T;
}

/** Groups pairs by name; a repeated name holds an array. */
export function group(pairs: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const grouped = new Map<string, unknown[]>();
  for (const [name, value] of pairs) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  return Object.fromEntries(
    [...grouped].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

function pathValues(template: string, path: string): Record<string, string> {
  const names = [...template.matchAll(/\{([^}:]+)(?::[^}]*)?\}/g)].map((match) => match[1] ?? '');
  const pattern = template
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{[^}]+:path\}/g, '(.+)')
    .replace(/\{[^}]+\}/g, '([^/]+)');
  const found = new RegExp(`^${pattern}$`).exec(path);
  return Object.fromEntries(
    names.map((name, index) => [name, decodeURIComponent(found?.[index + 1] ?? '')]),
  );
}

function rawValues(operation: Operation, request: Request, place: ParameterPlace): RawParameters {
  switch (place) {
    case 'path':
      return pathValues(operation.pathTemplate, request.path);
    case 'query':
      return group(request.query);
    case 'header':
      return group(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
    default:
      return request.cookies;
  }
}

function parameterSchema(operation: Operation, place: ParameterPlace): JsonSchema {
  const declared = operation.parameters.filter((parameter) => parameter.in === place);
  return {
    type: 'object',
    properties: Object.fromEntries(declared.map(({ name, schema }) => [name, schema])),
    required: declared.filter(({ required }) => required).map(({ name }) => name),
    ...(operation.models[place]?.forbidsExtra && { additionalProperties: false }),
  };
}

type BodyOutcome = { body: ParsedBody } | { outcome: Outcome };

function readBody(request: Request): BodyOutcome {
  if (request.form !== undefined) return { body: { kind: 'form', fields: group(request.form) } };
  if (request.text === '') return { body: { kind: 'empty' } };
  if (!isJsonContentType(request.contentType)) return { body: { kind: 'raw', text: request.text } };
  const parsed = parseJson(request.text);
  if ('value' in parsed) return { body: { kind: 'json', value: parsed.value } };
  return {
    outcome:
      'error' in parsed
        ? { status: 422, body: { detail: [parsed.error] } }
        : { status: 400, body: { detail: 'There was an error parsing the body' } },
  };
}

/** Answers a request by the validators alone, in FastAPI's order. */
export function answer(operation: Operation, request: Request): Outcome {
  const isForm = operation.body?.mode.startsWith('form') === true;
  const read: BodyOutcome =
    operation.body === undefined
      ? { body: { kind: 'empty' } }
      : readBody(
          isForm && request.form === undefined
            ? { ...request, text: '' }
            : isForm
              ? request
              : withoutForm(request),
        );
  if ('outcome' in read) return read.outcome;
  const detail: ErrorItem[] = [];
  const values: Record<string, unknown> = {};
  const { definitions } = operation;
  for (const place of PLACES) {
    const schema = parameterSchema(operation, place);
    if (Object.keys(schema.properties ?? {}).length === 0) continue;
    const model = operation.models[place] !== undefined;
    const result = compileParameters(schema, { definitions, place, model })(
      rawValues(operation, request, place),
    );
    if ('errors' in result) detail.push(...result.errors);
    else Object.assign(values, result.value);
  }
  let content: unknown;
  if (operation.body !== undefined) {
    const result = compileBody({ ...operation.body, definitions })(read.body);
    if ('errors' in result) detail.push(...result.errors);
    else content = result.value;
  }
  return detail.length > 0 ? { status: 422, body: { detail } } : { status: 200, values, content };
}

function withoutForm({ form: _form, ...request }: Request): Request {
  return request;
}
