import type { Test } from 'tap';

/**
 * Collects the problems found in a long loop and asserts once that there are none: one assertion
 * per item would take longer than the checks themselves.
 */
export class Problems {
  readonly #found: string[] = [];
  #looked = 0;

  /** Records the problem, unless the condition holds. */
  unless(holds: unknown, problem: string): void {
    this.#looked += 1;
    if (!holds) this.#found.push(problem);
  }

  /** Fails with all recorded problems, or if nothing was checked. */
  assertNone(t: Test, what: string): void {
    t.same(this.#found, [], what);
    t.ok(this.#looked > 0, `${what}: ${this.#looked} were looked at`);
  }
}
