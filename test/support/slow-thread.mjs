const cell = new Int32Array(new SharedArrayBuffer(4));

/** A thread whose work is told in the text: to be without end, or to be done at once. */
export default function work(source) {
  // An empty loop would do, were it not that newer releases of Node cannot end a thread in one.
  while (source.startsWith('endless')) Atomics.wait(cell, 0, 0, 1);
  return { html: source.slice(0, 10), text: '', excerpt: '', readingMinutes: 1 };
}
