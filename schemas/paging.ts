import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Component, Default, Enum, Nullable } from './types.js';

/** The largest page that a list hands out. */
export const MAX_PAGE_SIZE = 100;

/** Which part of a list is asked for: a page by its number, or what comes after a cursor. */
export function pageQuery() {
  return {
    page: Default(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'The page, counted from 1. A page beyond the last one is empty.',
      }),
      1,
    ),
    size: Default(
      Type.Integer({
        minimum: 1,
        maximum: MAX_PAGE_SIZE,
        description: 'How many items a page has',
      }),
      10,
    ),
    cursor: Type.Optional(
      Type.String({
        maxLength: 512,
        description:
          'Walks the list from the place that a `next_cursor` names, without counting and without ' +
          'missing or repeating an item while others are added; `page` is then ignored. Empty: from ' +
          'the start. The other parameters must stay the same on the way.',
      }),
    ),
  };
}

/**
 * The query of a list: page numbers or a cursor, and a sort order out of `sorts`.
 *
 * @param sorts the columns that a list may be sorted by; each also with `-` before it, descending
 * @param order the order of a list whose query names none: the first of `sorts`, if left out
 */
export function listQuery<const S extends readonly string[]>(
  sorts: S,
  order: S[number] | `-${S[number]}` = sorts[0] as S[number],
) {
  const orders = sorts.flatMap((sort) => [sort, `-${sort}`]) as (S[number] | `-${S[number]}`)[];
  return {
    ...pageQuery(),
    sort: Default(Enum(orders, { description: 'The order; `-` in front means descending' }), order),
  };
}

/** One page of a list of `item`, as every list answers. */
export function pageOf<T extends TSchema, N extends string>(
  name: N,
  item: T,
  of: string,
  example: Static<T>,
) {
  return Component(
    name,
    Type.Object(
      {
        items: Type.Array(item, { description: 'The items of this page, in order' }),
        total: Nullable(Type.Integer({ minimum: 0 }), {
          description: 'How many items there are in all; null when a cursor was given',
        }),
        page: Nullable(Type.Integer({ minimum: 1 }), {
          description: 'This page; null when a cursor was given',
        }),
        size: Type.Integer({ minimum: 1, description: 'How many items a page has' }),
        pages: Nullable(Type.Integer({ minimum: 0 }), {
          description: 'How many pages there are; null when a cursor was given',
        }),
        has_next: Type.Boolean({ description: 'Whether there is something after this page' }),
        has_prev: Type.Boolean({ description: 'Whether there is something before this page' }),
        next_cursor: Nullable(Type.String(), {
          description: 'The cursor that goes on after this page; null at the end',
        }),
      },
      {
        description: `One page of a list of ${of}`,
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
