import { SingleBar } from 'cli-progress';

/** Starts a progress bar on standard error that counts up to `total`. */
export function progressOf(noun: string, total: number): SingleBar {
  const bar = new SingleBar({
    format: `{bar} {value}/{total} ${noun}`,
    stream: process.stderr,
    noTTYOutput: true,
  });
  bar.start(total, 0);
  return bar;
}
