import type { OpenAPIV3_1 } from 'openapi-types';
import type { Generator, Schema } from './generate.js';

/** An operation of the document. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  operation: OpenAPIV3_1.OperationObject;
}

/** A generated request, ready to send. */
export interface GeneratedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  payload?: string | Buffer;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'] as const;

/** Path segments that are sent as they are, because decoders of paths differ. */
const RAW_SEGMENTS = ['%00', '%FF', '%ED%A0%80', '%2F', '%25', '%', '%zz', '%20', '1%0a', '+1'];

const ODD_TYPES = ['', 'text/plain', 'application/xml', 'application/json; charset=latin1'];
const MORE_ODD_TYPES = ['x', 'application/x-www-form-urlencoded', 'multipart/form-data', '*/*'];

const LANGUAGES = ['zh-CN,zh;q=0.9', 'en', '*', 'de, zh;q=0.1', ';;;', 'zh;q=2'];
const ACCEPTED = ['*/*', 'application/json', 'text/html', 'text/plain;q=0', 'x', ''];

/** Invalid tokens and API keys, and values that are neither. */
const CREDENTIALS = [
  'Bearer x',
  'Bearer alt_x',
  'bearer',
  'Basic eDp5',
  'alt_',
  'alt_00000000_x',
  'x',
];

/** What a proxy says of a client, or a client of itself. */
const FORWARDED: readonly (readonly [string, string])[] = [
  ['x-forwarded-host', 'evil.example.org'],
  ['x-forwarded-host', '"><script>'],
  ['x-forwarded-for', '198.51.100.7:1234, x, [::1]'],
  ['x-forwarded-for', ','.repeat(500)],
  ['x-forwarded-proto', 'https, javascript'],
  ['forwarded', 'for="[2001:db8::1]:80";host=evil.example.org;proto=x'],
  ['host', 'evil.example.org'],
  ['host', '[::1]:65535'],
  ['user-agent', `Mozilla/5.0 ${'Version/1 Safari/'.repeat(60)}`],
];

/** Returns every operation of the document. */
export function operationsOf(document: OpenAPIV3_1.Document): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item?.[method];
      const id = operation?.operationId ?? `${method} ${path}`;
      return operation === undefined ? [] : [{ id, method: method.toUpperCase(), path, operation }];
    }),
  );
}

/**
 * Generates a request for an operation.
 *
 * @param faults probability that each value is invalid; 0 generates a valid request
 * @param hugeBody size in bytes of a body that exceeds the service's limit
 */
export function generateRequest(
  { method, path, operation }: Operation,
  generator: Generator,
  faults: number,
  hugeBody: number,
): GeneratedRequest {
  const { random } = generator;
  const parameters = (operation.parameters ?? []) as OpenAPIV3_1.ParameterObject[];
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  const query: string[] = [];
  let url = path;
  for (const { name, in: place, required, schema = {}, explode } of parameters) {
    if (place === 'path') {
      const value = generator.value(schema as Schema, faults, name);
      const segment = random.chance(faults / 2) ? random.pick(RAW_SEGMENTS) : segmentOf(value);
      url = url.replace(`{${name}}`, () => segment || '0');
      continue;
    }
    // The client adds the right CSRF token; sometimes a wrong one replaces it here.
    const rarely = name === 'x-csrf-token' ? faults / 2 : 0.4;
    const isGiven = required === true ? !random.chance(faults) : random.chance(rarely);
    if (!isGiven) continue;
    const value = generator.value(schema as Schema, faults, name);
    if (place === 'query') {
      const values = Array.isArray(value) && explode !== false ? value : [value];
      if (random.chance(faults)) values.push(generator.odd());
      for (const each of values) query.push(`${encode(name)}=${encode(asText(each))}`);
    } else if (place === 'header') headers[name] = headerValue(asText(value));
    else cookies.push(`${name}=${encode(asText(value))}`);
  }
  if (random.chance(faults))
    query.push(random.pick(['extra=1', '__proto__=1', '%', '=', 'a[]=1&']));
  if (query.length > 0) url += `?${query.join('&')}`;
  addConditions(url, parameters, headers, generator);
  if (random.chance(faults / 2)) cookies.push('althing_session=forged', 'odd="');
  if (random.chance(faults / 4)) {
    headers[random.pick(['authorization', 'x-api-key'])] = random.pick(CREDENTIALS);
  }
  if (cookies.length > 0) headers['cookie'] = cookies.join('; ');
  if (random.chance(0.2)) headers['accept-language'] = random.pick(LANGUAGES);
  if (random.chance(0.2)) headers['accept'] = random.pick(ACCEPTED);
  if (random.chance(0.1)) {
    const [name, value] = random.pick([...FORWARDED]);
    headers[name] = value;
  }

  const body = operation.requestBody as OpenAPIV3_1.RequestBodyObject | undefined;
  const sent = method === 'GET' && random.chance(0.03) ? 'HEAD' : method;
  const request: GeneratedRequest = { method: sent, url, headers };
  if (body !== undefined) addBody(request, body, generator, faults);
  else if (random.chance(faults / 4) && sent !== 'HEAD') {
    headers['content-type'] = 'application/json';
    request.payload = random.pick(['{}', '{', 'null', Buffer.alloc(hugeBody, ' ')]);
  }
  if (request.payload !== undefined && random.chance(faults / 6)) {
    request.payload = Buffer.alloc(hugeBody, ' ');
  }
  return request;
}

/** Often replaces ETags with current ones, so that not all conditional requests fail. */
function addConditions(
  url: string,
  parameters: readonly OpenAPIV3_1.ParameterObject[],
  headers: Record<string, string>,
  { known, random }: Generator,
): void {
  const tag = known.tagOf(url.split('?', 1)[0] ?? url);
  for (const { name } of parameters) {
    if (!/^if-(?:none-)?match$/.test(name) || headers[name] === undefined) continue;
    if (tag !== undefined && random.chance(0.6)) headers[name] = tag;
    else if (random.chance(0.3)) headers[name] = random.pick(['*', '"0"', 'W/"1"', '"a", "b"']);
  }
}

function addBody(
  request: GeneratedRequest,
  { content, required }: OpenAPIV3_1.RequestBodyObject,
  generator: Generator,
  faults: number,
): void {
  const { random } = generator;
  const [type = 'application/json', { schema = {} } = {}] = random.pick(Object.entries(content));
  if (random.chance(required === true ? faults / 5 : 0.2)) return;
  const value = generator.value(schema as Schema, faults);
  let payload: string | Buffer = encodeBody(type, value);
  let contentType = type === 'multipart/form-data' ? `${type}; boundary=${BOUNDARY}` : type;
  if (random.chance(faults / 3)) payload = damage(String(payload), generator);
  if (random.chance(faults / 4)) contentType = random.pick([...ODD_TYPES, ...MORE_ODD_TYPES]);
  if (contentType !== '') request.headers['content-type'] = contentType;
  request.payload = payload;
}

const BOUNDARY = 'x-boundary-of-parts';

function encodeBody(type: string, value: unknown): string {
  const fields = Object.entries(typeof value === 'object' && value !== null ? value : {}).flatMap(
    ([name, item]) => [item].flat().map((each): [string, string] => [name, asText(each)]),
  );
  if (type === 'application/x-www-form-urlencoded') {
    return fields.map(([name, text]) => `${encode(name)}=${encode(text)}`).join('&');
  }
  if (type === 'multipart/form-data') {
    const parts = fields.map(([name, text]) => {
      const file = /file|upload|avatar/i.test(name) ? '; filename="a.txt"' : '';
      const safe = encode(name);
      return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${safe}"${file}\r\n\r\n${text}\r\n`;
    });
    return `${parts.join('')}--${BOUNDARY}--\r\n`;
  }
  if (type.startsWith('text/')) return asText(value);
  return JSON.stringify(value);
}

/** Returns the body with broken or unusual syntax. */
function damage(text: string, { random }: Generator): string | Buffer {
  const at = random.int(0, text.length);
  return random.pick<() => string | Buffer>([
    () => text.slice(0, at),
    () => `${text.slice(0, at)}${random.pick(['"', '}', ',', '\\', '\0', '🙂'])}${text.slice(at)}`,
    () => `\ufeff${text}`,
    () => `${text}${text}`,
    () =>
      text.replace(/\d+/, random.pick(['1e999', '-1e999', 'NaN', '01', '1.', '9'.repeat(5000)])),
    () => Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xff, 0xfe])]),
    () => '['.repeat(random.int(10, 20_000)),
    () => `{"a":${'['.repeat(900)}${']'.repeat(900)}}`,
    () => `"${'x'.repeat(50_000)}"`,
    () => '',
  ])();
}

function asText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function encode(text: string): string {
  // Conversion to bytes replaces lone surrogates, which `encodeURIComponent` rejects.
  return encodeURIComponent(Buffer.from(text).toString());
}

/** Encodes a path segment. Replaces `.` and `..`, which would change the path. */
function segmentOf(value: unknown): string {
  const text = asText(value);
  return /^\.{1,2}$/.test(text) ? 'dots' : encode(text);
}

/** Reduces a text to what a header can contain; anything else never reaches the service. */
function headerValue(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/\p{Cc}/gu, '?')
    .trim()
    .slice(0, 2000);
}
