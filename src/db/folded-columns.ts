import { fold, foldEmail } from '#src/lib/fold.js';
import type { Folded } from './tables.js';

/** Columns that identify a row. Each has a second column, `<column>_folded`, that is compared. */
const FOLDED_BY = { username: fold, email: foldEmail, name: fold } as const;

type IdentifyingColumn = keyof typeof FOLDED_BY;

type Marked<Value> = Value extends string ? Folded : Value;

/** The values together with the folded form of each username, email address and name. */
export type WithFolded<Values> = {
  [Column in keyof Values]: Column extends IdentifyingColumn
    ? Marked<Values[Column]>
    : Values[Column];
} & {
  [Column in keyof Values as Column extends IdentifyingColumn ? `${Column}_folded` : never]: Marked<
    Values[Column]
  >;
};

/**
 * Adds the folded form of each username, email address and name to the values of a row. The only
 * source of these columns: the types of `tables.ts` accept no others.
 */
export function withFolded<Values extends { [Column in IdentifyingColumn]?: string | null }>(
  values: Values,
): WithFolded<Values> {
  const folded = Object.entries(FOLDED_BY).flatMap(([column, foldColumn]) => {
    const value = values[column as IdentifyingColumn];
    if (value === undefined) return [];
    return [[`${column}_folded`, value === null ? null : foldColumn(value)]];
  });
  return { ...values, ...Object.fromEntries(folded) };
}
