import { commentTrash, postTrash } from '#src/articles/services/trash.js';
import type { TrashBins } from '#src/trash/trash-bin.js';
import { projectTrash, taskTrash } from '#src/work/services/trash.js';

/** The trash of every kind of resource. */
export const trashBins: TrashBins = {
  post: postTrash,
  comment: commentTrash,
  task: taskTrash,
  project: projectTrash,
};
