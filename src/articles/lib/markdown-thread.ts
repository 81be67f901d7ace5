import { type RenderedMarkdown, renderMarkdown } from './markdown.js';

/** What runs in a thread of its own: see `src/articles/services/rendering.ts`. */
export default function render(source: string): RenderedMarkdown {
  return renderMarkdown(source);
}
