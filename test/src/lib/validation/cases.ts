import type { ParameterPlace } from '../../../../src/lib/validation/compile-parameters.js';
import type { JsonSchema } from '../../../../src/lib/validation/schema.js';
import { type Operation, type Parameter, type Request, readFixture } from './support.js';

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
  form?: Pairs;
  data?: Record<string, string>;
  files?: Record<string, readonly [string | null, string]>;
  multipart?: readonly { name: string; filename?: string; content: string }[];
}

/** One request with the answer it must get. */
export interface Case {
  id: string;
  /** Label under which the numbers are reported. */
  group: string;
  operation: Operation;
  request: Request;
  status: number;
  body: unknown;
  match: 'exact' | 'shape';
  /** Turns accepted values into what the recorded handler answered; undefined where it is not known. */
  handler?: (values: Record<string, unknown>, content: unknown) => unknown;
}

/** A case which the validators do not decide, and why. */
export interface Skipped {
  id: string;
  reason: string;
}

function toPairs(value: Record<string, string> | Pairs | undefined): Pairs {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as Pairs) : Object.entries(value as Record<string, string>);
}

function formOf(request: RecordedRequest): (readonly [string, unknown])[] | undefined {
  const { form, data, files, multipart } = request;
  if (form !== undefined) return [...form];
  if (multipart !== undefined) {
    return multipart.map((part) => [part.name, part.filename === undefined ? part.content : part]);
  }
  if (data === undefined && files === undefined) return undefined;
  const sent: (readonly [string, unknown])[] = Object.entries(data ?? {});
  for (const [name, [filename, content]] of Object.entries(files ?? {})) {
    sent.push([name, filename === null ? content : { filename, content }]);
  }
  return sent;
}

function toRequest(recorded: RecordedRequest): Request {
  const [path = '', search = ''] = recorded.path.split('?', 2);
  const headers = [...toPairs(recorded.wire_headers ?? recorded.headers)];
  const header = (name: string) =>
    headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? undefined;
  const cookie = header('cookie');
  const hasJson = 'json' in recorded;
  const contentType =
    recorded.content_type ?? header('content-type') ?? (hasJson ? 'application/json' : undefined);
  const text =
    recorded.content ??
    recorded.raw ??
    (hasJson ? JSON.stringify(recorded.json) : new URLSearchParams(recorded.data).toString());
  const form =
    formOf(recorded) ??
    (contentType === 'application/x-www-form-urlencoded'
      ? [...new URLSearchParams(text)]
      : undefined);
  return {
    path,
    query: [
      ...new URLSearchParams(search),
      ...toPairs(recorded.query),
      ...toPairs(recorded.params),
    ],
    headers,
    cookies:
      recorded.cookies ??
      Object.fromEntries(
        (cookie ?? '')
          .split(';')
          .filter((part) => part.includes('='))
          .map((part) => part.trim().split('=', 2) as [string, string]),
      ),
    contentType,
    text,
    ...(form && { form }),
  };
}

interface RecordedCase {
  id: string;
  operation: string;
  keywords: readonly string[];
  params: readonly Parameter[];
  param_models?: Partial<Record<ParameterPlace, { extra: string | null }>>;
  body?: { content_type: string; required: boolean; embed: boolean; schema: JsonSchema };
  request: RecordedRequest;
  expected_status: number;
  expected_body: unknown;
}

function modeOf(contentType: string, embed: boolean): 'model' | 'embed' | 'form' | 'form-model' {
  if (contentType === 'application/json') return embed ? 'embed' : 'model';
  return embed ? 'form' : 'form-model';
}

/** The cases out of FastAPI's own tests. */
export function suiteCases(): { cases: Case[]; skipped: Skipped[] } {
  const skipped: Skipped[] = [];
  const cases: Case[] = [];
  for (const recorded of readFixture<RecordedCase[]>('cases.json')) {
    if (recorded.operation === 'POST /index-weights/') {
      skipped.push({ id: recorded.id, reason: 'dict[int, …]: JSON Schema cannot say it' });
      continue;
    }
    const models = Object.fromEntries(
      Object.entries(recorded.param_models ?? {}).map(([place, { extra }]) => [
        place,
        { forbidsExtra: extra === 'forbid' },
      ]),
    );
    const { body } = recorded;
    cases.push({
      id: recorded.id,
      group: recorded.keywords.join('+'),
      operation: {
        pathTemplate: recorded.operation.split(' ')[1] ?? '',
        parameters: recorded.params,
        models,
        definitions: {},
        ...(body && {
          body: {
            schema: body.schema,
            required: body.required,
            mode: modeOf(body.content_type, body.embed),
          },
        }),
      },
      request: toRequest(recorded.request),
      status: recorded.expected_status,
      body: recorded.expected_body,
      match: 'exact',
    });
  }
  return { cases, skipped };
}

interface MatrixCase {
  id: string;
  group: string;
  request: RecordedRequest;
  status: number;
  body?: unknown;
  match: 'exact' | 'shape';
}

/** A file of recorded requests. */
export interface Recording {
  cases: readonly MatrixCase[];
}

interface OpenApiOperation {
  parameters?: readonly Parameter[];
  requestBody?: {
    required?: boolean;
    content: Record<string, { schema: JsonSchema }>;
  };
}

/** The document of the recorded service. */
export interface OpenApi {
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, JsonSchema> };
}

/** OpenAPI lists the fields of a parameter model one by one; which ones were models is not in it. */
const MODELS: Readonly<Record<string, Operation['models']>> = {
  '/qmodel': { query: { forbidsExtra: true } },
  '/hdrmodel': { header: { forbidsExtra: false } },
  '/cmodel': { cookie: { forbidsExtra: false } },
};

function matrixOperation(api: OpenApi, path: string, method: string): Operation | undefined {
  const template = Object.keys(api.paths).find((candidate) =>
    new RegExp(`^${candidate.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path),
  );
  const found = template === undefined ? undefined : api.paths[template]?.[method.toLowerCase()];
  if (template === undefined || found === undefined) return undefined;
  const operation: Operation = {
    pathTemplate: template,
    parameters: found.parameters ?? [],
    models: MODELS[template] ?? {},
    definitions: api.components.schemas,
  };
  const [content] = Object.entries(found.requestBody?.content ?? {});
  if (content === undefined) return operation;
  const [contentType, { schema }] = content;
  const embed = schema.$ref?.includes('/Body_') === true;
  return {
    ...operation,
    body: {
      schema,
      required: found.requestBody?.required ?? false,
      mode: modeOf(contentType, embed),
    },
  };
}

const nameOf = (file: unknown): unknown => (file as { filename: unknown }).filename;

/** What the recorded handlers did with their arguments. */
const HANDLERS: Readonly<Record<string, NonNullable<Case['handler']>>> = {
  '/top/list': (_values, content) => (Array.isArray(content) ? 1 : content),
  '/form/fields': (_values, content) => {
    const { username, age, tags, ok = null } = content as Record<string, unknown>;
    return { u: username, a: age, t: tags, ok };
  },
  '/file/one': (_values, content) => nameOf((content as { file: unknown }).file),
  '/file/many': (_values, content) => (content as { files: unknown[] }).files.map(nameOf),
};

function handlerFor(template: string, hasBody: boolean): NonNullable<Case['handler']> {
  return HANDLERS[template] ?? ((values, content) => (hasBody ? content : values));
}

/** The cases recorded on a running FastAPI. */
export function matrixCases(
  recording = readFixture<Recording>('matrix.json'),
  api = readFixture<OpenApi>('matrix-openapi.json'),
): { cases: Case[]; skipped: Skipped[] } {
  const skipped: Skipped[] = [];
  const cases: Case[] = [];
  for (const recorded of recording.cases) {
    const { id, status, body, match } = recorded;
    const { path, method } = recorded.request;
    const operation = matrixOperation(api, path.split('?')[0] ?? '', method);
    if (operation === undefined || status === 404 || status === 405) {
      skipped.push({ id, reason: 'decided by HTTP: no such path or method' });
    } else if (status === 400 && recorded.group.startsWith('file:')) {
      skipped.push({ id, reason: 'decided by HTTP: the multipart parser refuses the body' });
    } else if (/:strict(?:int|bool)$/.test(recorded.group) && status === 422) {
      skipped.push({ id, reason: 'strict mode: JSON Schema cannot say it' });
    } else {
      const group = recorded.group;
      const handler = handlerFor(operation.pathTemplate, operation.body !== undefined);
      const request = toRequest(recorded.request);
      cases.push({ id, group, operation, request, status, body, match, handler });
    }
  }
  return { cases, skipped };
}
