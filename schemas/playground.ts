import type { OperationTag } from './types.js';

export const tag: OperationTag = {
  name: 'playground',
  description: 'Sample operations for testing API clients',
};
