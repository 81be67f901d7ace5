import type { Random } from './random.js';

const KEPT = 60;
const DEPTH = 4;

/**
 * Values of earlier responses by property name, and ETags by path, so that later requests can refer
 * to existing resources.
 */
export class Known {
  readonly #values = new Map<string, unknown[]>();
  readonly #tags = new Map<string, string>();

  learn(value: unknown, name?: string, depth = 0): void {
    if (depth > DEPTH) return;
    if (Array.isArray(value)) {
      for (const item of value.slice(0, KEPT)) this.learn(item, name, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) this.learn(item, key, depth + 1);
    } else if (name !== undefined && value !== null && value !== '') {
      for (const each of namesOf(name)) this.#add(each, value);
    }
  }

  /** Returns a random value seen under a name; undefined if there is none. */
  recall(name: string, random: Random): unknown {
    const values = this.#values.get(name);
    return values === undefined ? undefined : random.pick(values);
  }

  learnTag(path: string, tag: string): void {
    this.#tags.set(path, tag);
  }

  tagOf(path: string): string | undefined {
    return this.#tags.get(path);
  }

  #add(name: string, value: unknown): void {
    const values = this.#values.get(name) ?? [];
    values.push(value);
    if (values.length > KEPT) values.shift();
    this.#values.set(name, values);
  }
}

/** Returns all names of a value: `next_cursor` is also a `cursor`, each of `ids` an `id`. */
function namesOf(name: string): Set<string> {
  const last = name.split(/[_-]/).at(-1) ?? name;
  return new Set([name, last, last.replace(/s$/, '')]);
}
