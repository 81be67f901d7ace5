/** A thread whose work is told in the text: to be without end, or to be done at once. */
export default function work(source) {
  while (source.startsWith('endless'));
  return { html: source.slice(0, 10), text: '', excerpt: '', readingMinutes: 1 };
}
