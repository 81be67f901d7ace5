/** Inline or invisible elements; every other element starts a new line. */
const INLINE = new Set([
  ...['a', 'abbr', 'b', 'bdi', 'bdo', 'cite', 'code', 'del', 'em', 'font', 'i', 'img', 'input'],
  ...['ins', 'kbd', 'label', 'mark', 'q', 's', 'samp', 'small', 'span', 'strike', 'strong'],
  ...['sub', 'sup', 'time', 'tt', 'u', 'var', 'wbr'],
  ...['button', 'iframe', 'option', 'script', 'select', 'style', 'svg', 'textarea'],
]);

/** Characters that say where a word may be broken, or may not. No word is spelled with them. */
const BREAKS = /[\u00ad\u200b\u2060\ufeff]/g;

const CELLS = new Set(['td', 'th']);

/**
 * Collects the readable text of HTML while it is parsed: one line per block, a space between table
 * cells, the `alt` of images. Whitespace is kept only inside `pre`.
 */
export class HtmlText {
  readonly #parts: string[] = [];
  /** Separator to write before the next character. */
  #gap: '' | ' ' | '\n' = '';
  #preformatted = 0;
  readonly #isHidden: (name: string, attributes: Record<string, string>) => boolean;
  /** Name of the element whose text is left out. */
  #hidden: string | null = null;

  /** @param isHidden whether the text of an element, which has no other of its name, is left out */
  constructor(isHidden: (name: string, attributes: Record<string, string>) => boolean) {
    this.#isHidden = isHidden;
  }

  open(name: string, attributes: Record<string, string>): void {
    if (this.#isHidden(name, attributes)) this.#hidden ??= name;
    if (name === 'img') this.#write(attributes['alt'] ?? '');
    this.#pass(name);
    if (name === 'pre') this.#preformatted += 1;
  }

  close(name: string): void {
    if (name === this.#hidden) this.#hidden = null;
    if (name === 'pre') this.#preformatted -= 1;
    this.#pass(name);
  }

  /** @param escaped text with `&`, `<` and `>` as entities */
  add(escaped: string): void {
    if (this.#hidden !== null) return;
    const text = escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    if (this.#preformatted === 0) this.#write(text);
    else this.#append(text);
  }

  toString(): string {
    return this.#parts.join('').replaceAll(BREAKS, '').trim();
  }

  #pass(name: string): void {
    if (CELLS.has(name)) this.#gap ||= ' ';
    else if (!INLINE.has(name)) this.#gap = '\n';
  }

  #write(text: string): void {
    const words = text.replaceAll(/\s+/g, ' ');
    if (words.startsWith(' ')) this.#gap ||= ' ';
    const trimmed = words.trim();
    if (trimmed === '') return;
    this.#append(trimmed);
    if (words.endsWith(' ')) this.#gap = ' ';
  }

  #append(text: string): void {
    if (this.#gap === '\n' && this.#parts.at(-1)?.endsWith('\n') === true) this.#gap = '';
    this.#parts.push(this.#gap, text);
    this.#gap = '';
  }
}
