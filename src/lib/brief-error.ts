import { redactText } from './redact.js';

const MAX_LENGTH = 300;

/** Starts at a slash or a drive letter; needs at least two segments. */
const PATH = /(?<![\w/:.])(?:file:\/\/|[A-Za-z]:)?(?:[\\/][^\s\\/:'"`()]+){2,}(?::\d+)*/g;

/** A word that may be an email address, which the `@` decides: together they are quadratic. */
const WORD = /[^\s<>()'"`,;:]+/g;

/**
 * Returns an error message that is safe to show: its first line, at most 300 characters, without
 * file paths, email addresses and values of secret names.
 */
export function briefError(message: string): string {
  const [line = ''] = message.trim().split(/\r?\n/, 1);
  const anonymous = line.replace(WORD, (word) => (isAddress(word) ? '[address]' : word));
  return redactText(anonymous.replace(PATH, '[path]')).slice(0, MAX_LENGTH);
}

/** Whether a word has an `@` with characters on both sides. */
function isAddress(word: string): boolean {
  const at = word.indexOf('@', 1);
  return at !== -1 && at < word.length - 1;
}
