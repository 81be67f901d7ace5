/**
 * Whether a line of the text contains `first` and, after it, `second`. Takes linear time, which the
 * regular expression `first.*second` does not.
 */
export function hasInOrder(text: string, first: string, second: string): boolean {
  return text.split('\n').some((line) => {
    const at = line.indexOf(first);
    return at !== -1 && line.includes(second, at + first.length);
  });
}
