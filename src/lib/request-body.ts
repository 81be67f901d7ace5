import { Busboy } from '@fastify/busboy';
import { formPairs } from './form-pairs.js';
import {
  type ErrorItem,
  isJsonContentType,
  type ParsedBody,
  parseJson,
} from './validation/index.js';

/** The kind of body that an operation takes. */
export type BodyKind = 'json' | 'form';

/** An uploaded file, entirely in memory; only for bodies within the body limit. */
export interface FormFile {
  filename: string;
  content_type: string;
  size: number;
  content: Buffer;
}

/** A parsed body, a syntax error, or the code of a 400 error. */
export type ReadBody =
  | { body: ParsedBody }
  | { error: ErrorItem }
  | { unreadable: 'unparsable_body' | 'missing_boundary' };

/** Maximum number of fields, and of files; the same as Starlette's. */
const MAX_FORM_PARTS = 1000;

const UNREADABLE: ReadBody = { unreadable: 'unparsable_body' };

/**
 * Reads a body as FastAPI does: JSON if the content type says so, otherwise the raw text; a form if
 * the operation takes one, whatever the content type; `empty` without any bytes.
 */
export async function readBody(
  kind: BodyKind,
  contentType: string | undefined,
  bytes: Buffer,
): Promise<ReadBody> {
  if (kind === 'form') return readForm(contentType ?? '', bytes);
  if (bytes.length === 0) return { body: { kind: 'empty' } };
  const text = decode(bytes);
  if (text === null) return UNREADABLE;
  if (!isJsonContentType(contentType)) return { body: { kind: 'raw', text } };
  const result = parseJson(text);
  if ('error' in result) return result;
  if ('unreadable' in result) return UNREADABLE;
  return { body: { kind: 'json', value: result.value } };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

async function readForm(contentType: string, bytes: Buffer): Promise<ReadBody> {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') return readMultipart(contentType, bytes);
  const parts = new FormParts();
  if (type === 'application/x-www-form-urlencoded') {
    for (const [name, value] of formPairs(bytes.toString())) parts.add(name, value);
  }
  return { body: { kind: 'form', fields: parts.fields } };
}

/** @see https://datatracker.ietf.org/doc/html/rfc7578 */
function readMultipart(contentType: string, bytes: Buffer): Promise<ReadBody> {
  if (!/;\s*boundary=/i.test(contentType)) {
    return Promise.resolve({ unreadable: 'missing_boundary' });
  }
  return new Promise((resolve) => {
    const parts = new FormParts();
    const refuse = () => resolve(UNREADABLE);
    try {
      const parser = new Busboy({
        headers: { 'content-type': contentType },
        // The parser waits for a reader of each part that fills its buffer, and for ever if it has
        // skipped that part, such as one without a name. The body is in memory anyway.
        fileHwm: bytes.length + 1,
        limits: { fields: MAX_FORM_PARTS, files: MAX_FORM_PARTS },
      });
      parser.on('field', (name, value) => parts.add(name, value));
      parser.on('file', (name, stream, filename, _encoding, mimeType) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', refuse);
        stream.on('end', () => {
          const content = Buffer.concat(chunks);
          const file: FormFile = {
            filename,
            content_type: mimeType,
            size: content.length,
            content,
          };
          parts.add(name, file);
        });
      });
      parser.on('partsLimit', refuse).on('filesLimit', refuse).on('fieldsLimit', refuse);
      parser.on('error', refuse);
      parser.on('finish', () => resolve({ body: { kind: 'form', fields: parts.fields } }));
      parser.end(bytes);
    } catch {
      refuse();
    }
  });
}

/** Form values by name; repeated names become arrays. */
class FormParts {
  readonly fields: Record<string, unknown> = Object.create(null);

  add(name: string, value: unknown): void {
    const known = this.fields[name];
    if (known === undefined) this.fields[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else this.fields[name] = [known, value];
  }
}
