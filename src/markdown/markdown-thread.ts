import { type RenderedMarkdown, renderMarkdown } from './markdown.js';

export interface RenderingTask {
  source: string;
  /** Maximum size of the HTML in bytes. */
  maxBytes: number;
}

/** Entry point of a worker thread, see `src/markdown/rendering.ts`. */
export default function render({ source, maxBytes }: RenderingTask): RenderedMarkdown | null {
  return renderMarkdown(source, maxBytes);
}
