import { tag } from '#schemas/playground.js';
/** The tag of every operation of the playground. */
export const tags = [tag.name];
