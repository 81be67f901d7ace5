import { brokenPasswordRules } from '#src/people/lib/password-policy.js';
import {
  formattedText,
  ODD_TEXTS,
  patternText,
  plainText,
  respelled,
  spelling,
} from './generate-text.js';
import type { Known } from './known.js';
import type { Random } from './random.js';

/** A JSON Schema, with the keywords that the document uses. */
export interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  examples?: readonly unknown[];
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  allOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  prefixItems?: readonly Schema[];
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  'x-password-policy'?: boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
}

/** The most items of a generated list that is too long. */
const MOST_ITEMS = 1500;
const DEPTH = 6;

/** Generates values from schemas; each part is invalid with a given probability. */
export class Generator {
  readonly random: Random;
  readonly known: Known;
  readonly #document: unknown;

  constructor(document: unknown, random: Random, known: Known) {
    this.#document = document;
    this.random = random;
    this.known = known;
  }

  /**
   * Returns a value for a schema.
   *
   * @param faults probability that each part is invalid; 0 generates a valid value
   * @param name name of the property or parameter, to reuse values known by that name
   */
  value(schema: Schema, faults: number, name?: string, depth = 0): unknown {
    const { random } = this;
    const target = this.resolve(schema);
    if (random.chance(faults)) return this.#wrong(target);
    const { examples = [], anyOf, oneOf, allOf } = target;
    if (faults === 0 && examples.length > 0 && random.chance(0.1)) return random.pick(examples);
    if (target.const !== undefined) return target.const;
    if (target.enum !== undefined) return random.pick(target.enum);
    const choices = anyOf ?? oneOf;
    if (choices !== undefined) return this.value(random.pick(choices), faults, name, depth);
    if (allOf !== undefined) {
      const merged = Object.assign({}, ...allOf.map((part) => this.resolve(part)), target);
      return this.value({ ...merged, allOf: undefined }, faults, name, depth);
    }
    const type = Array.isArray(target.type) ? random.pick(target.type) : target.type;
    switch (type) {
      case 'string':
        return this.#text(target, name);
      case 'integer':
      case 'number':
        return this.#number(target, type === 'integer', name);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      case 'array':
        return this.#list(target, faults, name, depth);
      case 'object':
        return this.#object(target, faults, depth);
      default:
        return random.pick([null, true, 3, 'text', [1], { a: 1 }]);
    }
  }

  resolve(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const parts = schema.$ref.replace(/^#\//, '').split('/');
    const found = parts.reduce<unknown>(
      (at, part) => (at as Record<string, unknown>)[part],
      this.#document,
    );
    return this.resolve(found as Schema);
  }

  /** Returns an unusual value, independent of any schema. */
  odd(): unknown {
    const { random } = this;
    return random.pick<() => unknown>([
      () => null,
      () => random.chance(0.5),
      () => random.pick([0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e20, 1e308, -0]),
      () => random.pick(ODD_TEXTS),
      () => [],
      () => ({}),
      () => [[null], { a: [] }],
      () => JSON.parse('{"constructor": 1, "__proto__": {"polluted": true}}') as unknown,
      () => nested(random.int(20, 400)),
    ])();
  }

  /** Returns a value just beyond the limits of a schema, or an unusual one. */
  #wrong(schema: Schema): unknown {
    const { random } = this;
    const { minimum, maximum, minLength, maxLength, maxItems, items, type } = schema;
    const ways: (() => unknown)[] = [() => this.odd()];
    if (minimum !== undefined) ways.push(() => minimum - 1);
    if (maximum !== undefined) ways.push(() => maximum + 1);
    if (maxLength !== undefined) ways.push(() => 'z'.repeat(maxLength + 1));
    if (minLength !== undefined && minLength > 0) ways.push(() => 'z'.repeat(minLength - 1));
    if (type === 'string') ways.push(() => random.pick(ODD_TEXTS));
    if (maxItems !== undefined && maxItems < MOST_ITEMS && random.chance(0.2)) {
      ways.push(() =>
        Array.from({ length: maxItems + 1 }, () => this.value(items ?? {}, 0, undefined, DEPTH)),
      );
    }
    return random.pick(ways)();
  }

  #text(schema: Schema, name: string | undefined): string {
    const { random } = this;
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
    const isNewPassword = schema['x-password-policy'] === true;
    const format = isNewPassword ? 'new-password' : schema.format;
    const fits = (text: string) => {
      const { length } = [...text];
      const matches = pattern === undefined || new RegExp(pattern, 'u').test(text);
      const keepsRules = !isNewPassword || brokenPasswordRules(text).length === 0;
      return length >= minLength && length <= maxLength && matches && keepsRules;
    };
    const known = name === undefined ? undefined : this.known.recall(name, random);
    if (typeof known === 'string' && fits(known) && random.chance(0.3)) return known;
    const unusual =
      typeof known === 'string' && random.chance(0.5)
        ? respelled(known, random)
        : `${spelling(random)}${format === 'email' ? '@example.com' : ''}`;
    if (random.chance(0.05) && fits(unusual)) return unusual;
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const text =
        (format === undefined ? undefined : formattedText(format, random)) ??
        (pattern === undefined ? undefined : patternText(pattern, random)) ??
        plainText(random, minLength, maxLength);
      if (fits(text)) return text;
    }
    const example = schema.examples?.[0];
    return typeof example === 'string' ? example : plainText(random, minLength, maxLength);
  }

  #number(schema: Schema, isInteger: boolean, name: string | undefined): number {
    const { random } = this;
    const step = isInteger ? 1 : 0.25;
    const min = schema.minimum ?? (schema.exclusiveMinimum ?? -1001) + step;
    const max = schema.maximum ?? (schema.exclusiveMaximum ?? min + 2001) - step;
    const known = name === undefined ? undefined : this.known.recall(name, random);
    if (typeof known === 'number' && known >= min && known <= max && random.chance(0.7)) {
      return known;
    }
    if (random.chance(0.1)) return random.pick([min, max]);
    const near = Math.min(max, min + 50);
    const number = isInteger ? random.int(min, near) : min + random.next() * (near - min);
    const { multipleOf } = schema;
    return multipleOf === undefined ? number : Math.ceil(number / multipleOf) * multipleOf;
  }

  #list(schema: Schema, faults: number, name: string | undefined, depth: number): unknown[] {
    const { minItems = 0, maxItems = 1000, items = {}, prefixItems = [] } = schema;
    const most = depth >= DEPTH ? minItems : this.random.chance(0.02) ? 200 : minItems + 3;
    const length = this.random.int(minItems, Math.max(minItems, Math.min(maxItems, most)));
    return Array.from({ length: Math.max(length, prefixItems.length) }, (_, index) =>
      this.value(prefixItems[index] ?? items, faults, name, depth + 1),
    );
  }

  #object(schema: Schema, faults: number, depth: number): Record<string, unknown> {
    const { random } = this;
    const { properties = {}, required = [], additionalProperties } = schema;
    const out: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(properties)) {
      const isGiven = required.includes(name)
        ? !random.chance(faults / 2)
        : depth < DEPTH && random.chance(0.5);
      if (isGiven) out[name] = this.value(property, faults, name, depth + 1);
    }
    if (typeof additionalProperties === 'object') {
      out[plainText(random, 1, 8)] = this.value(additionalProperties, faults, undefined, depth + 1);
    }
    if (random.chance(faults)) out[random.pick(['extra', 'id', ...ODD_TEXTS])] = this.odd();
    return out;
  }
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
