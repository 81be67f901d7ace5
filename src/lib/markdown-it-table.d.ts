// The package exports this module, but has no types for it.
declare module 'markdown-it/lib/rules_block/table.mjs' {
  import type { RuleBlock } from 'markdown-it/lib/parser_block.mjs';

  const table: RuleBlock;
  export default table;
}
