const cell = new Int32Array(new SharedArrayBuffer(4));

/** Never returns if the source starts with `endless`; otherwise returns at once. */
export default function work(source) {
  // Newer releases of Node cannot terminate a thread in an empty loop.
  while (source.startsWith('endless')) Atomics.wait(cell, 0, 0, 1);
  return { html: source.slice(0, 10), text: '', excerpt: '', readingMinutes: 1 };
}
