/** The tag of every operation of the playground. */
export const tags = ['playground'];
