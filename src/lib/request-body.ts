import { formPairs } from './form-pairs.js';
import { type FormEntry, type FormFault, MAX_FORM_PARTS, readMultipart } from './multipart.js';
import {
  type ErrorItem,
  isJsonContentType,
  type ParsedBody,
  parseJson,
} from './validation/index.js';

/** The kind of body that an operation takes. */
export type BodyKind = 'json' | 'form';

/** A parsed body, a syntax error, or the code of a 400 error. */
export type ReadBody =
  | { body: ParsedBody }
  | { error: ErrorItem }
  | { unreadable: 'unparsable_body' | FormFault };

const UNREADABLE: ReadBody = { unreadable: 'unparsable_body' };

/**
 * Reads a body as FastAPI does: JSON if the content type says so, otherwise the raw text; a form if
 * the operation takes one, whatever the content type; `empty` without any bytes.
 */
export function readBody(kind: BodyKind, contentType: string | undefined, bytes: Buffer): ReadBody {
  if (kind === 'form') return readForm(contentType ?? '', bytes);
  if (bytes.length === 0) return { body: { kind: 'empty' } };
  const text = decode(bytes);
  if (text === null) return UNREADABLE;
  if (!isJsonContentType(contentType)) return { body: { kind: 'raw', text } };
  const result = parseJson(text);
  if ('error' in result) return result;
  if ('unreadable' in result) return UNREADABLE;
  const { value } = result;
  return {
    body: result.hasBigInts ? { kind: 'json', value, hasBigInts: true } : { kind: 'json', value },
  };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function readForm(contentType: string, bytes: Buffer): ReadBody {
  const entries = readEntries(contentType, bytes);
  if (typeof entries === 'string') return { unreadable: entries };
  const parts = new FormParts();
  for (const [name, value] of entries) parts.add(name, value);
  return { body: { kind: 'form', fields: parts.fields } };
}

/** A body of another type is a form without fields. */
function readEntries(contentType: string, bytes: Buffer): FormEntry[] | FormFault {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'multipart/form-data') return readMultipart(contentType, bytes);
  if (type !== 'application/x-www-form-urlencoded') return [];
  const pairs: FormEntry[] = [];
  for (const pair of formPairs(bytes.toString())) {
    pairs.push(pair);
    if (pairs.length > MAX_FORM_PARTS) return 'too_many_fields';
  }
  return pairs;
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
