import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Component, Default, Enum, Nullable } from './types.js';

/** The maximum page size of a list. */
export const MAX_PAGE_SIZE = 100;

/**
 * The maximum size of the items of a list in one response, in bytes of JSON. An item beyond it is
 * {@link truncated}: each page still has all of its items.
 */
export const MAX_PAGE_BYTES = 1_000_000;

/** Says of an item that its long fields were left out. @param fields their names */
export function truncated(fields: string) {
  return Type.Optional(
    Type.Boolean({
      description:
        `True if ${fields} were left out because the response would have more than ` +
        `${MAX_PAGE_BYTES.toLocaleString('en')} bytes; absent otherwise. A smaller page has them.`,
    }),
  );
}

/** The maximum length of a cursor: the longest title, escaped in JSON, in base64. */
const MAX_CURSOR = 2048;

/** The maximum number of matches that a search counts, and that pages by number reach. */
export const MAX_COUNTED = 1000;

/** The largest `total` of a list. A longer list is not counted to its end, and has none. */
export const MAX_TOTAL = 10_000;

/**
 * The paging parameters: page number and size, or a cursor.
 *
 * @param maxSize the maximum page size
 */
export function pageQuery(maxSize = MAX_PAGE_SIZE) {
  return {
    page: Default(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'The page number, starting at 1. A page after the last one is empty.',
      }),
      1,
    ),
    size: Default(
      Type.Integer({
        minimum: 1,
        maximum: maxSize,
        description: 'The maximum number of items per page',
      }),
      10,
    ),
    cursor: Type.Optional(
      Type.String({
        maxLength: MAX_CURSOR,
        description:
          'The `next_cursor` of the previous page, or empty to start. Pages by cursor ' +
          'neither repeat nor skip items while others are added, and do not count them. ' +
          '`page` is ignored; keep all other parameters the same.',
      }),
    ),
  };
}

/**
 * The query of a list: paging parameters and a sort order.
 *
 * @param sorts the columns that the list can be sorted by, ascending or, with a `-` prefix,
 *   descending
 * @param order the default order: the first of `sorts`, if omitted
 */
export function listQuery<const S extends readonly string[]>(
  sorts: S,
  order: S[number] | `-${S[number]}` = sorts[0] as S[number],
) {
  const orders = sorts.flatMap((sort) => [sort, `-${sort}`]) as (S[number] | `-${S[number]}`)[];
  return {
    ...pageQuery(),
    sort: Default(
      Enum(orders, { description: 'The sort order; a `-` prefix means descending' }),
      order,
    ),
  };
}

/** What a description of `q` says about the pages of a list that is searched. */
export const SEARCHED_PAGES =
  `At most ${MAX_COUNTED} matches are counted, and pages by number end there; pages by cursor ` +
  'reach all of them.';

const NO_TOTAL = `null beyond ${MAX_TOTAL.toLocaleString('en')}, and with a cursor`;

/** The description of `total` in a list that can be searched. */
export const SEARCHED_TOTAL = `The total number of items, with \`q\` at most ${MAX_COUNTED}; ${NO_TOTAL}`;

/**
 * One page of a list of `item`: the response of every list operation.
 *
 * @param descriptions of fields with a meaning of their own
 */
export function pageOf<T extends TSchema, N extends string>(
  name: N,
  item: T,
  of: string,
  example: Static<T>,
  { total = `The total number of items; ${NO_TOTAL}` } = {},
) {
  return Component(
    name,
    Type.Object(
      {
        items: Type.Array(item, { description: 'The items of this page, in sort order' }),
        total: Nullable(Type.Integer({ minimum: 0 }), {
          description: total,
        }),
        page: Nullable(Type.Integer({ minimum: 1 }), {
          description: 'The number of this page; null with a cursor',
        }),
        size: Type.Integer({ minimum: 1, description: 'The maximum number of items per page' }),
        pages: Nullable(Type.Integer({ minimum: 0 }), {
          description: 'The total number of pages; null if `total` is null',
        }),
        has_next: Type.Boolean({ description: 'Whether there are items after this page' }),
        has_prev: Type.Boolean({ description: 'Whether there are items before this page' }),
        next_cursor: Nullable(Type.String(), {
          description: 'The cursor of the next page; null if there is none',
        }),
      },
      {
        description: `One page of ${of}`,
        examples: [
          {
            items: [example],
            total: 1,
            page: 1,
            size: 10,
            pages: 1,
            has_next: false,
            has_prev: false,
            next_cursor: null,
          },
        ],
      },
    ),
  );
}

export interface Page<T> {
  items: T[];
  total: number | null;
  page: number | null;
  size: number;
  pages: number | null;
  has_next: boolean;
  has_prev: boolean;
  next_cursor: string | null;
}

export type ListQuery = Static<ReturnType<typeof listQueryObject>>;
function listQueryObject() {
  return Type.Object(listQuery(['id']));
}
