import type pg from 'pg';
import { foldNames, foldNicknames } from './fold-names.js';

/**
 * The part of a migration that SQL cannot do. Runs in the transaction of the migration, before its
 * SQL, and leaves its results in temporary tables, which the SQL reads. The SQL alone changes
 * tables. An error stops the migration, and its message reaches the operator.
 */
export type Preparation = (client: pg.ClientBase) => Promise<void>;

/** Preparations by the name of their migration. */
export const preparations: Readonly<Record<string, Preparation>> = {
  '0024_folded_names': foldNames,
  '0032_bounded_search': foldNicknames,
};
