// Published with the package, and left out of its types.
declare module 'markdown-it/lib/rules_block/table.mjs' {
  import type { RuleBlock } from 'markdown-it/lib/parser_block.mjs';

  const table: RuleBlock;
  export default table;
}
