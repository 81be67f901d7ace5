/** The maximum size of rendered HTML in UTF-8, as a multiple of its Markdown source. */
export const MAX_HTML_RATIO = 6;

/** The size of rendered HTML, in bytes, that a source of any length may have. */
export const SMALL_HTML = 16_384;

/** The maximum size of a post's rendered HTML, in bytes. */
export const MAX_POST_HTML = 1_000_000;

/** The maximum size of a comment's rendered HTML, in bytes. */
export const MAX_COMMENT_HTML = 65_536;

/** Describes the limit on rendered HTML. @param most the maximum size in bytes */
export function htmlLimit(most: number): string {
  const [small, large] = [SMALL_HTML, most].map((bytes) => bytes.toLocaleString('en'));
  return (
    `The rendered HTML may have ${MAX_HTML_RATIO} times as many bytes as the source, but not ` +
    `more than ${large}; ${small} bytes are always allowed.`
  );
}
