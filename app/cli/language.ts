import type { Help } from 'commander';
import type { Language } from '#src/lib/messages/index.js';
import { CHINESE, type Sentence } from './chinese.js';

/**
 * Returns the language of the terminal: that of the first variable that is set, as in POSIX, chapter
 * 8.2. English unless it is Chinese.
 */
export function terminalLanguage(variables = process.env): Language {
  const { LC_ALL, LC_MESSAGES, LANG } = variables;
  return /^zh(?:[_.@-]|$)/i.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'zh' : 'en';
}

/** Returns a sentence in the language of the terminal. `{name}` is a placeholder. */
export function say(sentence: Sentence, values: Record<string, string | number> = {}): string {
  const text = terminalLanguage() === 'zh' ? CHINESE[sentence] : sentence;
  return text.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
    String(values[name] ?? placeholder),
  );
}

/** The texts of commander itself, which it has in English only. */
export const HELP: Partial<Help> = {
  styleTitle: translated,
  styleOptionDescription: translated,
};

function translated(text: string): string {
  return text in CHINESE ? say(text as Sentence) : text;
}
