const INDENT = '  ';

/** Deeper values are not indented further, so the length of the result is linear. */
const MAX_DEPTH = 50;

/** A string, a bracket, a separator, or a number or word. White space between them is skipped. */
const TOKEN = /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|[[\]{},:]|[^\s"[\]{},:]+/g;

/**
 * Returns the JSON text with one value per line, indented by two spaces. Strings and numbers keep
 * their spelling: parsing would round large numbers.
 *
 * @param text valid JSON
 */
export function indentJson(text: string): string {
  let indented = '';
  let depth = 0;
  let previous = '';
  const line = () => `\n${INDENT.repeat(Math.min(depth, MAX_DEPTH))}`;
  for (const [token] of text.matchAll(TOKEN)) {
    const isEnd = token === '}' || token === ']';
    const isInEmpty = isEnd && (previous === '{' || previous === '[');
    if (isEnd) depth -= 1;
    if (isEnd ? !isInEmpty : previous === '{' || previous === '[' || previous === ',')
      indented += line();
    indented += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth += 1;
    previous = token;
  }
  return `${indented}\n`;
}
