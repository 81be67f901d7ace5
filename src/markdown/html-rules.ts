import type { RuleBlock } from 'markdown-it/lib/parser_block.mjs';
import type { RuleInline } from 'markdown-it/lib/parser_inline.mjs';
import htmlBlock from 'markdown-it/lib/rules_block/html_block.mjs';
import autolink from 'markdown-it/lib/rules_inline/autolink.mjs';
import { isElementName, isElementTag, nameOfTag } from './html-elements.js';
import { LINK_SCHEMES } from './sanitize-html.js';

/** A line with a single tag. */
const SINGLE_TAG = /^<[^<>]*>$/;

/** The scheme of an autolink. */
const SCHEME = /<([a-z][a-z0-9+.-]{1,31}):/iy;

/**
 * markdown-it's rule for blocks of raw HTML, limited to comments and elements: `<repo>` alone on a
 * line begins a paragraph. `env.hasForeign` says whether the text has foreign content.
 */
export const blockOfElement: RuleBlock = (state, startLine, endLine, silent) => {
  const start = (state.bMarks[startLine] ?? 0) + (state.tShift[startLine] ?? 0);
  if (state.src[start] !== '<') return false;
  const line = state.src.slice(start, state.eMarks[startLine]).trim();
  if (!line.startsWith('<!--')) {
    const { hasForeign } = state.env;
    if (!isElementName(nameOfTag(line) ?? '', hasForeign)) return false;
    if (SINGLE_TAG.test(line) && !isElementTag(line, hasForeign, new Set())) return false;
  }
  return htmlBlock(state, startLine, endLine, silent);
};

/** markdown-it's rule for autolinks, limited to the schemes of links: `<std::vector>` is text. */
export const autolinkOfScheme: RuleInline = (state, silent) => {
  SCHEME.lastIndex = state.pos;
  const scheme = SCHEME.exec(state.src)?.[1]?.toLowerCase();
  if (scheme !== undefined && !LINK_SCHEMES.includes(scheme)) return false;
  return autolink(state, silent);
};
