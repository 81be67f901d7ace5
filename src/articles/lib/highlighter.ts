import { createRequire } from 'node:module';

/** What is used of highlight.js, whose own types bring those of a browser into every file. */
interface Highlighter {
  /** Undefined if the language is none of the common ones. */
  getLanguage(name: string): object | undefined;
  highlight(
    code: string,
    options: { language: string; ignoreIllegals: boolean },
  ): { value: string };
}

/** Colours code in the common languages. @see https://highlightjs.readthedocs.io/en/latest/api.html */
export const highlighter: Highlighter = createRequire(import.meta.url)('highlight.js/lib/common');
