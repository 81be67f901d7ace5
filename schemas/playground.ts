import type { OperationTag } from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'playground',
  description: 'Operations for the authors of clients to try out this API',
};
