import t from 'tap';
import { findGrowth } from '#test/support/growth.js';

const LENGTH = 8 * 1024;
const spaces = (length: number) => `${' '.repeat(length)}x`;

/** A busy machine may hide growth, but not each time. */
async function isFound(work: (text: string) => unknown, length: number): Promise<boolean> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if ((await findGrowth(work, spaces, length)) !== null) return true;
  }
  return false;
}

t.test('finds growth that is more than linear', async (t) => {
  t.ok(await isFound((text) => /\s+$/.test(text), LENGTH), 'quadratic');
  const pairs = (text: string) => {
    let count = 0;
    for (const first of text) for (const second of text) if (first === second) count += 1;
    return count;
  };
  t.ok(await isFound(pairs, LENGTH / 2), 'nested loops');
  const later = async (text: string) => {
    await Promise.resolve();
    return /\s+$/.test(text);
  };
  t.ok(await isFound(later, LENGTH), 'an asynchronous function');
});

t.test('accepts linear growth', async (t) => {
  t.equal(await findGrowth((text: string) => text.trim(), spaces, LENGTH), null, 'negligible time');
  const repeated = (text: string) => {
    let count = 0;
    for (let round = 0; round < 100; round += 1)
      for (const each of text) if (each === ' ') count += 1;
    return count;
  };
  t.equal(await findGrowth(repeated, spaces, 8 * LENGTH), null, 'a slow linear function');
  const sorted = (text: string) => [...text].map((_, index) => (index * 7919) % 65_537).sort();
  t.equal(await findGrowth(sorted, spaces, 8 * LENGTH), null, 'sorting');
});
