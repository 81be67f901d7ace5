import type { Test } from 'tap';

/**
 * What was found in a loop over very much, to be asserted once at its end: an assertion for each
 * takes longer than what it looks at.
 */
export class Problems {
  readonly #found: string[] = [];
  #looked = 0;

  /** Writes the problem down, unless the condition holds. */
  unless(holds: unknown, problem: string): void {
    this.#looked += 1;
    if (!holds) this.#found.push(problem);
  }

  /** Fails with all that was found, and when nothing was looked at. */
  assertNone(t: Test, what: string): void {
    t.same(this.#found, [], what);
    t.ok(this.#looked > 0, `${what}: ${this.#looked} were looked at`);
  }
}
