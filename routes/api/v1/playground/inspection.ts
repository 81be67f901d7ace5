import type { FastifyRequest } from 'fastify';
import type { PlaygroundInspection } from '#schemas/playground-requests.js';
import {
  isSecretName,
  REDACTED,
  redact,
  redactForm,
  redactJson,
  redactText,
} from '#src/lib/redact.js';
import { readBody } from '#src/lib/request-body.js';
import { isJsonContentType, roundBigInts } from '#src/lib/validation/index.js';

const FORM_TYPE = /^\s*(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i;

/** The path with its query, with secrets redacted. */
export function shownPath(request: FastifyRequest): string {
  const [path = '', ...query] = request.url.split('?');
  return query.length === 0 ? path : `${path}?${redactForm(query.join('?'))}`;
}

/** The URL of a path on the host that the request was sent to. */
export function addressOf({ protocol, givenHost }: FastifyRequest, path: string): string {
  return `${protocol}://${givenHost}${path}`;
}

/** The request as received, with secrets redacted. */
export async function inspect(request: FastifyRequest): Promise<PlaygroundInspection> {
  const { method, protocol, givenHost: host, address, query } = request;
  const [path = ''] = request.url.split('?', 1);
  const fullPath = shownPath(request);
  return {
    method,
    url: addressOf(request, fullPath),
    base_url: addressOf(request, path),
    url_root: addressOf(request, '/'),
    path,
    full_path: fullPath,
    scheme: protocol,
    is_secure: protocol === 'https',
    host,
    remote_addr: address,
    content_type: request.raw.headers['content-type'] ?? null,
    is_ajax: /^XMLHttpRequest$/i.test(String(request.headers['x-requested-with'])),
    headers: shownHeaders(request),
    args: redact(query) as Record<string, unknown>,
    ...(await readContent(request)),
  };
}

/** The body as text, with secrets redacted; for a binary body, only its length. */
export function shownBody(request: FastifyRequest): string {
  const bytes = bytesOf(request);
  const type = request.raw.headers['content-type'] ?? '';
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes) && !/^\s*multipart\//i.test(type);
  if (!isText) return `[${bytes.length} bytes]`;
  return redactJson(text) ?? redactText(FORM_TYPE.test(type) ? redactForm(text) : text);
}

function shownHeaders({ raw }: FastifyRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(raw.headers).map(([name, value]) => [
      name,
      isSecretName(name) ? REDACTED : redactText(String(value)),
    ]),
  );
}

/** The body as a form or as JSON. If it cannot be parsed, both are empty. */
async function readContent(
  request: FastifyRequest,
): Promise<Pick<PlaygroundInspection, 'form' | 'json'>> {
  const type = request.raw.headers['content-type'];
  const isForm = FORM_TYPE.test(type ?? '');
  const empty = { form: {}, json: null };
  if (!isForm && !isJsonContentType(type)) return empty;
  const result = await readBody(isForm ? 'form' : 'json', type, bytesOf(request));
  if (!('body' in result)) return empty;
  const { body } = result;
  if (body.kind === 'json') {
    const value = body.hasBigInts === true ? roundBigInts(body.value) : body.value;
    return { ...empty, json: redact(value) };
  }
  if (body.kind === 'form') return { ...empty, form: shownFields(body.fields) };
  return empty;
}

function shownFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const withoutContent = Object.entries(fields).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(withoutBytes) : withoutBytes(value),
  ]);
  return redact(Object.fromEntries(withoutContent)) as Record<string, unknown>;
}

function withoutBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { content: _, ...file } = value as Record<string, unknown>;
  return file;
}

function bytesOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
