import type { RuleBlock } from 'markdown-it/lib/parser_block.mjs';
import table from 'markdown-it/lib/rules_block/table.mjs';

/**
 * Number of cells in refused tables after which a text's further tables are not parsed, because
 * each refused one has cost time.
 */
const MAX_REFUSED_CELLS = 100_000;

/**
 * markdown-it's table rule, limited to tables with no more cells than source characters. Short rows
 * are padded with empty cells, so a few kilobytes could make a hundred thousand cells; such a table
 * stays text.
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
