/**
 * Returns the text without its last characters that equal `character`, a single UTF-16 unit. Takes
 * linear time, which the regular expression `x+$` does not.
 */
export function trimEndCharacter(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return text.slice(0, end);
}

/** Returns the text without its first and last characters that equal `character`. */
export function trimCharacter(text: string, character: string): string {
  let start = 0;
  while (start < text.length && text[start] === character) start += 1;
  return trimEndCharacter(text.slice(start), character);
}
