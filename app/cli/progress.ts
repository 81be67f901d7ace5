import { SingleBar } from 'cli-progress';
import { say } from './language.js';

/** Starts a progress bar on standard error that counts up to `total`. */
export function progressOf(noun: 'files' | 'posts' | 'texts' | 'users', total: number): SingleBar {
  const bar = new SingleBar({
    format: `{bar} {value}/{total} ${say(noun)}`,
    stream: process.stderr,
    noTTYOutput: true,
  });
  bar.start(total, 0);
  return bar;
}
