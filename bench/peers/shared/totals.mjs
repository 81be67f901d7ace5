// The total of a list: exact up to a limit, beyond which it is not counted.

const MAX_TOTAL = 10_000;

/** Returns the total of a list, or null if it is too long to be counted. */
export function totalOf(count) {
  return count > MAX_TOTAL ? null : count;
}

/** Returns the number of pages; null without a total. */
export function pagesOf(total, size) {
  return total === null ? null : Math.ceil(total / size);
}
