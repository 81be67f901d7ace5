import type { Origin } from '../services/viewer.js';

/** Nobody is known to the command line, so the log names no actor. */
export function commandOrigin(): Origin {
  return {
    viewer: null,
    address: null,
    requestId: null,
    now: new Date(),
    language: 'en',
    guessLimits: { perAccount: 0, perAddress: 0 },
    report: (fault, what) => console.error(`${what}: ${fault}`),
  };
}
