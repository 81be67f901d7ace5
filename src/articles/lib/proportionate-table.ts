import type { RuleBlock } from 'markdown-it/lib/parser_block.mjs';
import table from 'markdown-it/lib/rules_block/table.mjs';

/** Cells of refused tables, after which no more of a text are looked at: each has cost its time. */
const MAX_REFUSED_CELLS = 100_000;

/**
 * The rule for tables, for those that have no more cells than characters. As short rows are filled up
 * with empty cells, some kilobytes may mean a hundred thousand; such a table stays text.
 *
 * @see https://github.com/markdown-it/markdown-it/issues/1000
 */
export const proportionateTable: RuleBlock = (state, startLine, endLine, silent) => {
  const { tokens, env } = state;
  const refused: number = env.refusedCells ?? 0;
  if (refused > MAX_REFUSED_CELLS) return false;
  const before = tokens.length;
  if (!table(state, startLine, endLine, silent)) return false;
  if (silent) return true;
  const cells = tokens.slice(before).filter(({ type }) => type === 'td_open').length;
  const characters = (state.eMarks[state.line - 1] ?? 0) - (state.bMarks[startLine] ?? 0);
  if (cells <= characters) return true;
  env.refusedCells = refused + cells;
  tokens.length = before;
  state.line = startLine;
  return false;
};
