import { MAX_PAGE_BYTES, type Page } from '#schemas/paging.js';
import { mostJsonBytes } from '#src/lib/json-bytes.js';

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
  if (mostJsonBytes(page.items) <= MAX_PAGE_BYTES) return page;
  let left = MAX_PAGE_BYTES;
  const items = page.items.map((item) => {
    left -= Buffer.byteLength(JSON.stringify(item));
    if (left >= 0) return item;
    const fields = Object.entries(emptied).filter(([name]) => name in item);
    return { ...item, ...Object.fromEntries(fields), is_truncated: true as const };
  });
  return { ...page, items };
}
