import { createRequire } from 'node:module';
import { lazy } from '#src/lib/lazy.js';

/**
 * The subset of highlight.js that is used; the package's own types pull DOM types into every file.
 */
interface Highlighter {
  /** Undefined unless the language is one of the common ones. */
  getLanguage(name: string): object | undefined;
  highlight(
    code: string,
    options: { language: string; ignoreIllegals: boolean },
  ): { value: string };
}

/**
 * Highlights code in common languages. @see https://highlightjs.readthedocs.io/en/latest/api.html
 */
export const highlighter = lazy(
  (): Highlighter => createRequire(import.meta.url)('highlight.js/lib/common'),
);
