import { type RenderedMarkdown, renderMarkdown } from './markdown.js';

/** Entry point of a worker thread, see `src/articles/services/rendering.ts`. */
export default function render(source: string): RenderedMarkdown {
  return renderMarkdown(source);
}
