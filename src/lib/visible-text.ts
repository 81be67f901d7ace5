import { VISIBLE_PATTERN } from '#schemas/posts.js';

const VISIBLE = new RegExp(VISIBLE_PATTERN, 'u');

/** Whether a text has a character that is neither white space nor invisible. */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}
