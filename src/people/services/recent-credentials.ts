import { LRUCache } from 'lru-cache';
import type { CurrentState } from '#src/cache/current-state.js';

/** How long a credential is kept by default, in milliseconds. */
const LIFETIME_MS = 2000;

/** Maximum number of credentials that are kept. */
const MAX_KEPT = 10_000;

export interface RecentCredentialsOptions {
  /** The state of users, sessions and API keys. */
  state: Pick<CurrentState, 'get' | 'start' | 'invalidate'>;
  /** Returns the current time. */
  clock: () => Date;
  /** How long a credential is kept, in milliseconds; default: two seconds. */
  lifetime?: number | undefined;
}

interface Kept {
  /** The name of the state in which it was looked up. */
  readonly state: string;
  readonly row: object;
  readonly at: number;
}

/**
 * What a process knows of the credentials that it has just looked up: the session, token session or
 * API key, and its user. It is forgotten as soon as anything of that changes: at once in the process
 * that changes it, milliseconds later in others, see `CurrentState`; and after two seconds in any
 * case. Nothing is kept while changes may be missed.
 */
export class RecentCredentials {
  readonly #state: RecentCredentialsOptions['state'];
  readonly #clock: () => Date;
  readonly #lifetime: number;
  readonly #kept = new LRUCache<string, Kept>({ max: MAX_KEPT });

  constructor({ state, clock, lifetime = LIFETIME_MS }: RecentCredentialsOptions) {
    this.#state = state;
    this.#clock = clock;
    this.#lifetime = lifetime;
  }

  /**
   * Returns the row of a credential; `load` looks it up. An unknown credential is not kept.
   *
   * @param credential identifies it, and contains no secret
   * @throws any error of `load`
   */
  async find<Row extends object>(
    credential: string,
    load: () => Promise<Row | null>,
  ): Promise<Row | null> {
    if (this.#lifetime === 0) return load();
    this.#state.start();
    const { name, isCertain } = this.#state.get();
    if (!isCertain) return load();
    const now = this.#clock().getTime();
    const kept = this.#kept.get(credential);
    // The clock may also have been set back.
    const isRecent = kept?.state === name && Math.abs(now - kept.at) < this.#lifetime;
    if (isRecent) return kept.row as Row;
    const row = await load();
    if (row === null) this.#kept.delete(credential);
    else this.#kept.set(credential, { state: name, row, at: now });
    return row;
  }

  /** Must be called after the use of a credential was recorded. */
  forget(credential: string): void {
    this.#kept.delete(credential);
  }

  /** Must be called after a possible change of credentials, before the response is sent. */
  invalidate(): void {
    this.#state.invalidate();
  }
}
