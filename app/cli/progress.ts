import { SingleBar } from 'cli-progress';

/** A started bar on standard error that counts what is done of so many. */
export function progressOf(noun: string, total: number): SingleBar {
  const bar = new SingleBar({
    format: `{bar} {value}/{total} ${noun}`,
    stream: process.stderr,
    noTTYOutput: true,
  });
  bar.start(total, 0);
  return bar;
}
