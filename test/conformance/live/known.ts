import type { Python } from './fastapi.js';
import type { LiveRequest } from './requests.js';

/** A request that both services answer differently. */
export interface LiveDifference {
  request: LiveRequest;
  ours: Answer;
  theirs: Answer;
}

export interface Answer {
  status: number;
  body: unknown;
}

/** Differences to FastAPI that are intended; the guide names them. */
interface KnownDifference {
  name: string;
  reason: string;
  applies: (difference: LiveDifference, python: Python) => boolean;
}

export const KNOWN: readonly KnownDifference[] = [
  {
    name: 'error 500',
    reason: 'FastAPI fails on NaN and infinities, which JSON does not have',
    applies: ({ theirs }) => theirs.status === 500,
  },
];
