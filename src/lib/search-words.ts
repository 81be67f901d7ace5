/** A text as it is given to `to_tsvector`: the words that can be searched for, with blanks between. */
export function indexedWords(text: string): string {
  return text;
}

/** What somebody typed as it is given to `websearch_to_tsquery`. */
export function askedWords(query: string): string {
  return query;
}
