const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Never returns if the source starts with `endless`, exceeds any memory if it starts with `hungry`;
 * otherwise returns at once.
 */
export default function work({ source }) {
  // Newer releases of Node cannot terminate a thread in an empty loop.
  while (source.startsWith('endless')) Atomics.wait(cell, 0, 0, 1);
  const kept = [];
  while (source.startsWith('hungry')) kept.push(new Array(100_000).fill(kept.length));
  return { html: source.slice(0, 10), text: '', excerpt: '', readingMinutes: 1, words: '' };
}
