/** A position in a sorted list: the sort order, and the sort key and id of the last item seen. */
export interface Cursor {
  sort: string;
  key: string | number;
  id: number;
}

/** Encodes a cursor as an opaque, URL-safe string. */
export function encodeCursor({ sort, key, id }: Cursor): string {
  return Buffer.from(JSON.stringify([sort, key, id])).toString('base64url');
}

/** Decodes a cursor; returns null if it is malformed. */
export function decodeCursor(text: string): Cursor | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 3) return null;
  const [sort, key, id]: unknown[] = value;
  if (typeof sort !== 'string' || !Number.isSafeInteger(id)) return null;
  if (typeof key === 'string' ? !isStorable(key) : !Number.isSafeInteger(key)) return null;
  return { sort, key: key as string | number, id: id as number };
}

/** Whether PostgreSQL can store a text, and so compare with it. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
