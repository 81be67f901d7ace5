import { tag } from '#schemas/playground.js';
/** The tag of all playground operations. */
export const tags = [tag.name];
