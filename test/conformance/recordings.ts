import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BodyMode, JsonSchema, ParameterPlace } from '#src/lib/validation/index.js';
import type { Operation, Parameter } from './service.js';

type Pairs = readonly (readonly [string, string])[];

interface RecordedRequest {
  method: string;
  path: string;
  params?: Record<string, string> | Pairs;
  query?: Pairs;
  headers?: Record<string, string> | Pairs;
  wire_headers?: Pairs;
  cookies?: Record<string, string>;
  content_type?: string;
  json?: unknown;
  content?: string;
  raw?: string;
  data?: Record<string, string>;
  files?: Record<string, readonly [string | null, string]>;
  multipart?: readonly {
    name: string;
    filename?: string;
    content_type?: string;
    content: string;
  }[];
}

/** A request on the wire. */
export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string | string[]>;
  payload?: string | Buffer;
}

/** One recorded request, and the answer it has to get. */
export interface Case {
  id: string;
  /** The keyword or group under which it is counted. */
  group: string;
  request: WireRequest;
  status: number;
  body: unknown;
  /** `shape`: the `msg` and `ctx` of the items come from other libraries and may differ. */
  match: 'exact' | 'shape';
}

export interface Recordings {
  operations: Operation[];
  schemas: Record<string, JsonSchema>;
  cases: Case[];
  /** Cases that are not run, each with the reason. */
  skipped: { id: string; reason: string }[];
}

const BOUNDARY = 'conformance-boundary';

/** Everything in a folder with `cases.json`, or with `matrix.json` and `matrix-openapi.json`. */
export function readRecordings(folder: string): Recordings {
  const all: Recordings = { operations: [], schemas: {}, cases: [], skipped: [] };
  readSuite(folder, all);
  readMatrix(folder, all);
  if (all.cases.length === 0) throw new Error(`${folder} has neither cases.json nor matrix.json`);
  return all;
}

interface SuiteCase {
  id: string;
  operation: string;
  keywords: readonly string[];
  params: readonly Parameter[];
  param_models?: Partial<Record<ParameterPlace, { extra: string | null }>>;
  body?: { content_type: string; required: boolean; embed: boolean; schema: JsonSchema };
  request: RecordedRequest;
  expected_status: number;
  expected_body: unknown;
  schema_limit?: string;
}

/** The cases carry their own schemas, and many share a path: each gets a path of its own. */
function readSuite(folder: string, { operations, cases, skipped }: Recordings): void {
  for (const [index, recorded] of (readJson<SuiteCase[]>(folder, 'cases.json') ?? []).entries()) {
    if (recorded.schema_limit?.startsWith('dict[int') === true) {
      skipped.push({ id: recorded.id, reason: 'dict[int, …] is beyond JSON Schema' });
      continue;
    }
    const [method = 'GET', path = '/'] = recorded.operation.split(' ');
    const prefix = `/case-${index}`;
    const { body, param_models = {} } = recorded;
    operations.push({
      method,
      path: prefix + path,
      parameters: recorded.params,
      models: Object.fromEntries(
        Object.entries(param_models).map(([place, model]) => [place, model?.extra === 'forbid']),
      ),
      ...(body && {
        body: {
          contentType: body.content_type,
          mode: modeOf(body.content_type, body.embed),
          required: body.required,
          schema: body.schema,
        },
      }),
      answer: () => null,
    });
    const request = toWire(recorded.request);
    cases.push({
      id: recorded.id,
      group: recorded.keywords.join(' + '),
      request: { ...request, url: prefix + request.url },
      status: recorded.expected_status,
      body: recorded.expected_body,
      match: 'exact',
    });
  }
}

interface MatrixCase {
  id: string;
  group: string;
  request: RecordedRequest;
  status: number;
  body?: unknown;
  body_text?: string;
  match: 'exact' | 'shape';
}

interface OpenApi {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: readonly Parameter[];
        requestBody?: { required?: boolean; content: Record<string, { schema: JsonSchema }> };
      }
    >
  >;
  components: { schemas: Record<string, JsonSchema> };
}

/** OpenAPI lists the fields of a parameter model one by one; which ones are models is not in it. */
const PARAMETER_MODELS: Record<string, Operation['models']> = {
  '/qmodel': { query: true },
  '/hdrmodel': { header: false },
  '/cmodel': { cookie: false },
};

/** What the recorded handlers did with their arguments; all others echo them. */
const ANSWERS: Record<string, Operation['answer']> = {
  '/top/list': (_parameters, body) => (Array.isArray(body) ? 1 : body),
  '/form/fields': (_parameters, body) => {
    const { username, age, tags, ok = null } = body as Record<string, unknown>;
    return { u: username, a: age, t: tags, ok };
  },
  '/file/one': (_parameters, body) => (body as { file: { filename: string } }).file.filename,
  '/file/many': (_parameters, body) =>
    (body as { files: { filename: string }[] }).files.map(({ filename }) => filename),
};

function readMatrix(folder: string, { operations, schemas, cases, skipped }: Recordings): void {
  const matrix = readJson<{ cases: MatrixCase[] }>(folder, 'matrix.json');
  const api = readJson<OpenApi>(folder, 'matrix-openapi.json');
  if (matrix === null || api === null) return;
  Object.assign(schemas, api.components.schemas);
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, { parameters = [], requestBody }] of Object.entries(item)) {
      const [content] = Object.entries(requestBody?.content ?? {});
      const isEmbedded = content?.[1].schema.$ref?.includes('/Body_') === true;
      operations.push({
        method: method.toUpperCase(),
        path,
        parameters,
        models: PARAMETER_MODELS[path] ?? {},
        ...(content && {
          body: {
            contentType: content[0],
            mode: modeOf(content[0], isEmbedded),
            required: requestBody?.required ?? false,
            schema: content[1].schema,
          },
        }),
        answer: ANSWERS[path] ?? ((values, body) => (content === undefined ? values : body)),
      });
    }
  }
  for (const recorded of matrix.cases) {
    const { id, group, status, match, body, body_text } = recorded;
    if (/:strict(?:int|bool)$/.test(group) && status === 422) {
      skipped.push({ id, reason: 'strict models are beyond JSON Schema' });
      continue;
    }
    const expected =
      body_text === undefined ? body : body_text === '' ? undefined : JSON.parse(body_text);
    cases.push({ id, group, status, match, body: expected, request: toWire(recorded.request) });
  }
}

function modeOf(contentType: string, embed: boolean): BodyMode {
  if (contentType === 'application/json') return embed ? 'embed' : 'model';
  return embed ? 'form' : 'form-model';
}

function toWire(recorded: RecordedRequest): WireRequest {
  const headers: WireRequest['headers'] = {};
  const pairs = toPairs(recorded.wire_headers ?? recorded.headers);
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const known = headers[key];
    headers[key] = known === undefined ? value : [known, value].flat();
  }
  if (recorded.cookies !== undefined) {
    headers['cookie'] = Object.entries(recorded.cookies)
      .map((pair) => pair.join('='))
      .join('; ');
  }
  const sent = toPayload(recorded);
  if (sent !== undefined && sent.type !== undefined) headers['content-type'] ??= sent.type;
  const query = new URLSearchParams([...(recorded.query ?? []), ...toPairs(recorded.params)] as [
    string,
    string,
  ][]);
  const separator = query.size === 0 ? '' : recorded.path.includes('?') ? '&' : '?';
  return {
    method: recorded.method,
    url: `${recorded.path}${separator}${query}`,
    headers,
    ...(sent && { payload: sent.text }),
  };
}

function toPayload(recorded: RecordedRequest): { text: string; type?: string } | undefined {
  const { json, content, raw, data, files, multipart, content_type } = recorded;
  if ('json' in recorded)
    return { text: JSON.stringify(json), type: content_type ?? 'application/json' };
  const text = content ?? raw;
  if (text !== undefined) return { text, ...(content_type && { type: content_type }) };
  const parts =
    multipart ??
    (files && [
      ...Object.entries(data ?? {}).map(([name, content]) => ({ name, content })),
      ...Object.entries(files).map(([name, [filename, content]]) => ({
        name,
        content,
        ...(filename && { filename }),
      })),
    ]);
  if (parts !== undefined) {
    return { text: toMultipart(parts), type: `multipart/form-data; boundary=${BOUNDARY}` };
  }
  if (data === undefined) return undefined;
  return { text: new URLSearchParams(data).toString(), type: 'application/x-www-form-urlencoded' };
}

function toMultipart(parts: NonNullable<RecordedRequest['multipart']>): string {
  const lines = parts.flatMap(({ name, filename, content_type = 'text/plain', content }) => [
    `--${BOUNDARY}`,
    `Content-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`,
    ...(filename === undefined ? [] : [`Content-Type: ${content_type}`]),
    '',
    content,
  ]);
  return [...lines, `--${BOUNDARY}--`, ''].join('\r\n');
}

function toPairs(value: Record<string, string> | Pairs | undefined): Pairs {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as Pairs) : Object.entries(value as Record<string, string>);
}

function readJson<T>(folder: string, name: string): T | null {
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
