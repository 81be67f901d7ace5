import { MAX_PAGE_BYTES, type Page } from '#schemas/paging.js';

/**
 * Leaves out the long fields of the items of a page that exceed `MAX_PAGE_BYTES`, and sets
 * `is_truncated` there. The page keeps all of its items, so it stays true to its numbers.
 *
 * @param emptied values of the fields that are left out; an item without such a field gets none
 */
export function withinPageBytes<T extends object>(
  page: Page<T>,
  emptied: Record<string, unknown>,
): Page<T & { is_truncated?: true }> {
  if (mostBytes(page.items) <= MAX_PAGE_BYTES) return page;
  let left = MAX_PAGE_BYTES;
  const items = page.items.map((item) => {
    left -= Buffer.byteLength(JSON.stringify(item));
    if (left >= 0) return item;
    const fields = Object.entries(emptied).filter(([name]) => name in item);
    return { ...item, ...Object.fromEntries(fields), is_truncated: true as const };
  });
  return { ...page, items };
}

/** An escaped code unit, such as `\u0000`, and the longest number. */
const CHARACTER = 6;
const NUMBER = 24;

/** Returns a number of bytes that the JSON of a value does not exceed. */
function mostBytes(value: unknown): number {
  if (typeof value === 'string') return CHARACTER * value.length + 2;
  if (typeof value !== 'object' || value === null) return NUMBER;
  let bytes = 2;
  for (const [name, part] of Object.entries(value)) {
    bytes += CHARACTER * name.length + mostBytes(part) + 4;
  }
  return bytes;
}
