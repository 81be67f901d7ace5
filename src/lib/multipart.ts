/**
 * An uploaded file, entirely in memory; only for bodies within the body limit. The content is not
 * enumerable, so errors that quote the file do not repeat it.
 */
export interface FormFile {
  filename: string;
  content_type: string;
  size: number;
  readonly content: Buffer;
}

function formFile(filename: string, content_type: string, content: Buffer): FormFile {
  const file = { filename, content_type, size: content.length };
  return Object.defineProperty(file, 'content', { value: content }) as FormFile;
}

/** A field or file of a form. */
export type FormEntry = [name: string, value: string | FormFile];

/** Why a body is no form. */
export type FormFault =
  | 'missing_boundary'
  | 'invalid_multipart'
  | 'missing_part_name'
  | 'too_many_fields'
  | 'too_many_files';

/** Maximum number of fields, and of files; the same as Starlette's. */
export const MAX_FORM_PARTS = 1000;

const MAX_BOUNDARY = 256;
const MAX_HEADERS = 8;
const MAX_HEADER_BYTES = 4096 + 128;

const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const HYPHEN = 0x2d;

/**
 * Reads `multipart/form-data` (RFC 7578) as strictly as python-multipart under Starlette does: no
 * preamble, CRLF only. A part whose end is missing is dropped. Takes linear time.
 */
export function readMultipart(contentType: string, bytes: Buffer): FormEntry[] | FormFault {
  const { boundary, charset = 'utf-8' } = parseOptions(contentType);
  if (boundary === undefined) return 'missing_boundary';
  if (boundary.length > MAX_BOUNDARY) return 'invalid_multipart';
  try {
    return [...new MultipartReader(bytes, boundary, charset).entries()];
  } catch (error) {
    if (error instanceof Fault) return error.fault;
    throw error;
  }
}

class Fault extends Error {
  readonly fault: FormFault;

  constructor(fault: FormFault) {
    super(fault);
    this.fault = fault;
  }
}

class MultipartReader {
  readonly #bytes: Buffer;
  readonly #delimiter: Buffer;
  readonly #isUtf8: boolean;
  #at = 0;
  #fields = 0;
  #files = 0;

  constructor(bytes: Buffer, boundary: string, charset: string) {
    this.#bytes = bytes;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#isUtf8 = /^utf-?8$/i.test(charset);
  }

  /** @throws Fault */
  *entries(): Generator<FormEntry> {
    if (!this.#readStart()) return;
    for (;;) {
      const headers = this.#readHeaders();
      if (headers === undefined) return;
      const { name, filename } = parseOptions(headers.get('content-disposition') ?? '');
      if (name === undefined) throw new Fault('missing_part_name');
      this.#count(filename !== undefined);
      const start = this.#at;
      const end = this.#findEnd();
      if (end === undefined) return;
      const content = this.#bytes.subarray(start, end.at);
      const key = this.#decode(Buffer.from(name, 'latin1'));
      if (filename === undefined) yield [key, this.#decode(content)];
      else {
        const type = headers.get('content-type') ?? 'application/octet-stream';
        yield [key, formFile(this.#decode(Buffer.from(filename, 'latin1')), type, content)];
      }
      if (end.isLast) return;
    }
  }

  /** Reads the first boundary; false if the body ends there, or before. */
  #readStart(): boolean {
    if (this.#bytes[0] === CR || this.#bytes[0] === LF) {
      this.#at = this.#bytes.indexOf('-');
      if (this.#at === -1) return false;
    }
    const boundary = this.#delimiter.subarray(2);
    const found = this.#bytes.subarray(this.#at, this.#at + boundary.length);
    if (!found.equals(boundary.subarray(0, found.length))) throw new Fault('invalid_multipart');
    this.#at += boundary.length;
    const isLast = this.#bytes[this.#at] === HYPHEN;
    for (const byte of isLast ? [HYPHEN, HYPHEN] : [CR, LF]) {
      if (this.#at >= this.#bytes.length) return false;
      if (this.#bytes[this.#at] !== byte) throw new Fault('invalid_multipart');
      this.#at += 1;
    }
    return !isLast;
  }

  /** Returns the headers of a part by name in lower case; undefined if the body ends there. */
  #readHeaders(): Map<string, string> | undefined {
    const bytes = this.#bytes;
    const headers = new Map<string, string>();
    for (let count = 0; ; count += 1) {
      if (bytes[this.#at] === CR) return this.#skipLineBreak() ? headers : undefined;
      if (this.#at >= bytes.length) return undefined;
      const colon = bytes.indexOf(':', this.#at);
      const nameEnd = colon === -1 ? bytes.length : colon;
      const name = bytes.toString('latin1', this.#at, nameEnd);
      const isTooLarge = count >= MAX_HEADERS || name.length > MAX_HEADER_BYTES;
      if (isTooLarge || !TOKEN.test(name)) throw new Fault('invalid_multipart');
      if (colon === -1) return undefined;
      const end = bytes.indexOf(CR, colon);
      const value = bytes.toString('latin1', colon + 1, end === -1 ? bytes.length : end);
      if (name.length + 1 + value.length > MAX_HEADER_BYTES) throw new Fault('invalid_multipart');
      this.#at = end === -1 ? bytes.length : end;
      if (!this.#skipLineBreak()) return undefined;
      headers.set(name.toLowerCase(), value.replace(/^ +/, ''));
    }
  }

  /** Skips CRLF; false if the body ends before. */
  #skipLineBreak(): boolean {
    if (this.#at + 1 >= this.#bytes.length) return false;
    if (this.#bytes[this.#at + 1] !== LF) throw new Fault('invalid_multipart');
    this.#at += 2;
    return true;
  }

  #count(isFile: boolean): void {
    if (isFile) this.#files += 1;
    else this.#fields += 1;
    if (this.#files > MAX_FORM_PARTS) throw new Fault('too_many_files');
    if (this.#fields > MAX_FORM_PARTS) throw new Fault('too_many_fields');
  }

  /** Returns where the content of a part ends; undefined if the body ends first. */
  #findEnd(): { at: number; isLast: boolean } | undefined {
    const bytes = this.#bytes;
    for (let from = this.#at; ; ) {
      const at = bytes.indexOf(this.#delimiter, from);
      if (at === -1) return undefined;
      let next = at + this.#delimiter.length;
      const isPadded = bytes[next] === SPACE || bytes[next] === TAB;
      while (bytes[next] === SPACE || bytes[next] === TAB) next += 1;
      if (next + 1 >= bytes.length) return undefined;
      const isEnd = bytes[next] === CR && bytes[next + 1] === LF;
      if (isPadded && !isEnd) throw new Fault('invalid_multipart');
      const isLast = bytes[next] === HYPHEN && bytes[next + 1] === HYPHEN;
      if (isEnd || isLast) {
        this.#at = next + 2;
        return { at, isLast };
      }
      from = at + 1;
    }
  }

  #decode(bytes: Buffer): string {
    if (!this.#isUtf8) return bytes.toString('latin1');
    try {
      return UTF8.decode(bytes);
    } catch {
      return bytes.toString('latin1');
    }
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns the parameters of a header value such as `form-data; name="a"`, without `name*`. */
export function parseOptions(header: string): Partial<Record<string, string>> {
  const options: Partial<Record<string, string>> = Object.create(null);
  for (const segment of splitSegments(header).slice(1)) {
    const equals = segment.indexOf('=');
    const key = trim(equals === -1 ? segment : segment.slice(0, equals)).toLowerCase();
    const value = equals === -1 ? '' : trim(segment.slice(equals + 1));
    // RFC 7578 forbids the encoded form of RFC 5987.
    if (!key.includes('*')) options[key] = unquote(value);
  }
  return options;
}

/** Drops spaces and tabs, but no line breaks. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === ' ' || text[start] === '\t') start += 1;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return text.slice(start, end);
}

/** Splits at semicolons outside of quotation marks. */
function splitSegments(header: string): string[] {
  const segments: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let index = 0; index < header.length; index += 1) {
    const char = header.charAt(index);
    if (char === '"' && header.charAt(index - 1) !== '\\') isQuoted = !isQuoted;
    else if (char === ';' && !isQuoted) {
      segments.push(header.slice(start, index));
      start = index + 1;
    }
  }
  return [...segments, header.slice(start)];
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value.slice(1, -1).replaceAll('\\\\', '\\').replaceAll('\\"', '"');
}
