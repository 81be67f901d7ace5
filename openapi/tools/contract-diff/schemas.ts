import { isDeepStrictEqual } from 'node:util';
import {
  type Alternative,
  alternativesOf,
  type ContractDocument,
  isObject,
  nameOf,
  resolve,
  type Schema,
} from './alternatives.js';
import { type Objection, objections } from './limits.js';

export interface ContractChange {
  /** `breaking`: a correct client stops working. `warning`: its author should check the change. */
  severity: 'breaking' | 'warning';
  where: string;
  what: string;
}

/**
 * The direction of a value: request schemas must not become narrower, response schemas not wider.
 */
export type Direction = 'request' | 'response';

/** Compares schemas of two documents; reports the changes of each component once. */
export class SchemaComparison {
  readonly #before: ContractDocument;
  readonly #after: ContractDocument;
  readonly #components = new Map<string, ContractChange[]>();

  constructor(before: ContractDocument, after: ContractDocument) {
    this.#before = before;
    this.#after = after;
  }

  /** Returns the changes between two schemas that affect clients. */
  compare(before: Schema, after: Schema, direction: Direction, where: string): ContractChange[] {
    const [was, is] = [nameOf(before), nameOf(after)];
    if (was === undefined || is === undefined) return this.#values(before, after, direction, where);
    return this.#once(`${was} ${is}`, was === is ? is : undefined, direction, where, (at) =>
      this.#values(before, after, direction, at),
    );
  }

  #values(before: Schema, after: Schema, direction: Direction, where: string): ContractChange[] {
    const was = alternativesOf(this.#before, before);
    const is = alternativesOf(this.#after, after);
    const [narrow, wide] = direction === 'request' ? [was, is] : [is, was];
    const changes = narrow.flatMap((each) => this.#fit(each, wide, direction, where));
    return [...changes, ...this.#defaults(before, after, direction, where)];
  }

  /** Returns the changes against the best matching alternative. */
  #fit(
    narrow: Alternative,
    wide: Alternative[],
    direction: Direction,
    where: string,
  ): ContractChange[] {
    const covering = wide.filter(({ type }) => covers(type, narrow.type));
    const namesake = covering.filter(({ name }) => name !== undefined && name === narrow.name);
    const results = (namesake.length > 0 ? namesake : covering).map((each) =>
      direction === 'request'
        ? this.#members(narrow, each, direction, where)
        : this.#members(each, narrow, direction, where),
    );
    const [best] = results.sort((a, b) => weight(a) - weight(b));
    if (best !== undefined) return best;
    const others = wide.map(({ type }) => type).join(' or ');
    const what =
      direction === 'request'
        ? `may no longer be ${narrow.type}, but ${others}`
        : `may now be ${narrow.type}, not only ${others}`;
    return [{ severity: 'breaking', where, what }];
  }

  #members(
    before: Alternative,
    after: Alternative,
    direction: Direction,
    where: string,
  ): ContractChange[] {
    const [was, is] = [before.name, after.name];
    if (was === undefined || is === undefined) {
      return this.#pair(before.schema, after.schema, direction, where);
    }
    const pair = `${before.type} of ${was}, ${after.type} of ${is}`;
    return this.#once(pair, was === is ? is : undefined, direction, where, (at) =>
      this.#pair(before.schema, after.schema, direction, at),
    );
  }

  /**
   * Compares each pair once, which also ends recursion, and reports a component under its own name.
   */
  #once(
    pair: string,
    name: string | undefined,
    direction: Direction,
    where: string,
    work: (where: string) => ContractChange[],
  ): ContractChange[] {
    const key = `${direction} ${pair}`;
    let changes = this.#components.get(key);
    if (changes === undefined) {
      this.#components.set(key, []);
      const title = `${name} in ${direction === 'request' ? 'requests' : 'answers'}`;
      changes = work(name === undefined ? where : title);
      this.#components.set(key, changes);
    }
    return changes;
  }

  #pair(before: Schema, after: Schema, direction: Direction, where: string): ContractChange[] {
    const [narrow, wide] = direction === 'request' ? [before, after] : [after, before];
    const limits = objections(narrow, wide).map((each) => limitChange(each, direction, where));
    const items =
      before.items === undefined && after.items === undefined
        ? []
        : this.compare(before.items ?? {}, after.items ?? {}, direction, `${where}[]`);
    return [...limits, ...items, ...this.#properties(before, after, direction, where)];
  }

  #properties(
    before: Schema,
    after: Schema,
    direction: Direction,
    where: string,
  ): ContractChange[] {
    const [was, is] = [before.properties ?? {}, after.properties ?? {}];
    const isRequest = direction === 'request';
    const changes: ContractChange[] = [];
    for (const [name, schema] of Object.entries(was)) {
      const now = is[name];
      const at = `${where}.${name}`;
      if (now !== undefined) changes.push(...this.compare(schema, now, direction, at));
      else if (!isRequest) changes.push({ severity: 'breaking', where: at, what: 'was removed' });
      else if (after.additionalProperties === false) {
        changes.push({ severity: 'breaking', where: at, what: 'was removed and is refused' });
      } else changes.push({ severity: 'warning', where: at, what: 'was removed and is ignored' });
    }
    const [required, requiredNow] = [before.required ?? [], after.required ?? []];
    for (const name of isRequest ? requiredNow : required) {
      const at = `${where}.${name}`;
      if (isRequest && !required.includes(name)) {
        changes.push({ severity: 'breaking', where: at, what: 'is now required' });
      } else if (!isRequest && name in is && !requiredNow.includes(name)) {
        changes.push({ severity: 'breaking', where: at, what: 'may now be missing' });
      }
    }
    return [...changes, ...this.#others(before, after, direction, where)];
  }

  /** Compares properties that the schema does not name. */
  #others(before: Schema, after: Schema, direction: Direction, where: string): ContractChange[] {
    const { additionalProperties: was = true } = before;
    const { additionalProperties: is = true } = after;
    if (isDeepStrictEqual(was, is) && !isObject(was)) return [];
    if (direction === 'request' && is === false) {
      return [{ severity: 'breaking', where, what: 'refuses unknown properties now' }];
    }
    // Tolerant clients ignore properties that are new.
    if (was === false || is === false) return [];
    return this.compare(asSchema(was), asSchema(is), direction, `${where}.*`);
  }

  /** A changed default changes the meaning of requests that omit the value. */
  #defaults(before: Schema, after: Schema, direction: Direction, where: string): ContractChange[] {
    const was = resolve(this.#before, before)['default'];
    const is = resolve(this.#after, after)['default'];
    if (direction === 'response' || was === undefined || isDeepStrictEqual(was, is)) return [];
    return [{ severity: 'warning', where, what: `its default was ${show(was)}, is ${show(is)}` }];
  }
}

function covers(wide: string, narrow: string): boolean {
  return wide === 'any' || wide === narrow || (wide === 'number' && narrow === 'integer');
}

function limitChange(
  { rule, narrow, wide, isLimit = false, isNewValue = false }: Objection,
  direction: Direction,
  where: string,
): ContractChange {
  const isRequest = direction === 'request';
  if (isNewValue) {
    const what = `may ${isRequest ? 'no longer' : 'now'} be ${show(narrow)}`;
    return { severity: isRequest ? 'breaking' : 'warning', where, what };
  }
  const [was, is] = isRequest ? [narrow, wide] : [wide, narrow];
  const what = `${rule} was ${show(was)}, is ${show(is)}`;
  return { severity: isRequest || !isLimit ? 'breaking' : 'warning', where, what };
}

/** Weighs breaking changes first: the best match is the one that breaks least. */
function weight(changes: ContractChange[]): number {
  const breaking = changes.filter(({ severity }) => severity === 'breaking').length;
  return breaking * 1000 + changes.length;
}

function asSchema(value: Schema | boolean): Schema {
  return isObject(value) ? value : {};
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
