// The package exports these modules, but has no types for them.
declare module 'markdown-it/lib/rules_block/table.mjs' {
  import type { RuleBlock } from 'markdown-it/lib/parser_block.mjs';

  const table: RuleBlock;
  export default table;
}

declare module 'markdown-it/lib/rules_block/html_block.mjs' {
  import type { RuleBlock } from 'markdown-it/lib/parser_block.mjs';

  const htmlBlock: RuleBlock;
  export default htmlBlock;
}

declare module 'markdown-it/lib/rules_inline/autolink.mjs' {
  import type { RuleInline } from 'markdown-it/lib/parser_inline.mjs';

  const autolink: RuleInline;
  export default autolink;
}
