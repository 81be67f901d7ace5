import { redactText } from './redact.js';

const MAX_LENGTH = 300;

/** Starts at a slash or a drive letter; needs at least two segments. */
const PATH = /(?<![\w/:.])(?:file:\/\/|[A-Za-z]:)?(?:[\\/][^\s\\/:'"`()]+){2,}(?::\d+)*/g;

const ADDRESS = /[^\s<>()'"`,;:]+@[^\s<>()'"`,;:]+/g;

/**
 * Returns an error message that is safe to show: its first line, at most 300 characters, without
 * file paths, email addresses and values of secret names.
 */
export function briefError(message: string): string {
  const [line = ''] = message.trim().split(/\r?\n/, 1);
  return redactText(line.replace(ADDRESS, '[address]').replace(PATH, '[path]')).slice(
    0,
    MAX_LENGTH,
  );
}
