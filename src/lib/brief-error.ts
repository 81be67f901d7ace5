import { redactText } from './redact.js';

const MAX_LENGTH = 300;

/** From a slash, or the letter of a drive, on: at least two steps, as an address has no more. */
const PATH = /(?<![\w/:.])(?:file:\/\/|[A-Za-z]:)?(?:[\\/][^\s\\/:'"`()]+){2,}(?::\d+)*/g;

const ADDRESS = /[^\s<>()'"`,;:]+@[^\s<>()'"`,;:]+/g;

/**
 * An error's message as it may be shown: its first line, at most 300 characters, without paths of
 * the machine, e-mail addresses and the values of secret names.
 */
export function briefError(message: string): string {
  const [line = ''] = message.trim().split(/\r?\n/, 1);
  return redactText(line.replace(ADDRESS, '[address]').replace(PATH, '[path]')).slice(
    0,
    MAX_LENGTH,
  );
}
