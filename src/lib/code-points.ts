/**
 * Returns the number of Unicode code points, which Python and Rust use as the length of a string.
 */
export function codePointLength(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length - 1; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        length -= 1;
        index += 1;
      }
    }
  }
  return length;
}

/** Returns the code point offset of a UTF-16 index. */
export function codePointOffset(text: string, index: number): number {
  return codePointLength(text.slice(0, index));
}

/** Whether a string has at most `limit` code points; counts only if necessary. */
export function isAtMost(text: string, limit: number): boolean {
  return text.length <= limit || (text.length <= limit * 2 && codePointLength(text) <= limit);
}

/** Whether a string has at least `limit` code points; counts only if necessary. */
export function isAtLeast(text: string, limit: number): boolean {
  return text.length >= limit && (text.length >= limit * 2 || codePointLength(text) >= limit);
}
