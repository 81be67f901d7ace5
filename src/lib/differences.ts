import { isDeepStrictEqual } from 'node:util';

/**
 * The given changes that change something. Fields that are undefined are left out.
 *
 * @param before the present value of every field that can be changed
 */
export function differences<T extends object>(
  before: { readonly [Field in keyof T]-?: unknown },
  changes: T,
): Partial<T> {
  const entries = Object.entries(changes).filter(
    ([field, value]) => value !== undefined && !isDeepStrictEqual(before[field as keyof T], value),
  );
  return Object.fromEntries(entries) as Partial<T>;
}
