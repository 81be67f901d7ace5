import { REDACTED } from '#src/lib/redact.js';
import type { ErrorItem } from './error-item.js';
import { type ErrorType, messageFor } from './messages.js';
import { finish, getOwn, isObject, type Node, type State, setOwn } from './node.js';
import { compilePattern } from './pattern.js';
import { pythonStr } from './python-repr.js';
import { References } from './references.js';
import type { Definitions, JsonSchema } from './schema.js';
import { kindsOf } from './schema-shape.js';

/**
 * Replaces secrets in the errors of one validation run.
 *
 * @param root the validated value, before conversion
 */
export type Mask = (root: unknown, errors: readonly ErrorItem[]) => ErrorItem[];

/** Whether values of a schema are never sent back: passwords, and what is only written. */
export function isSecret({ format, writeOnly }: JsonSchema): boolean {
  return format === 'password' || writeOnly === true;
}

/** Hides the value in the errors of a secret. */
export function secretNode(node: Node): Node {
  return {
    ...node,
    check: (value, state) => {
      const from = state.errors.length;
      const converted = node.check(value, state);
      for (const item of state.errors.slice(from)) item.input = REDACTED;
      return converted;
    },
  };
}

/**
 * Compiles the mask of a schema; undefined if it contains no secret, so that its errors stay as
 * they are.
 *
 * The mask replaces every secret by `REDACTED`, wherever it stands in an `input`: beside the error,
 * in another branch of a union, under a name that only another branch has. What the schema does not
 * expect may be a secret in the wrong place: the scalars of unknown fields, of an array in place of
 * an object, and a text in place of JSON are replaced too. Structure, `null` and booleans stay.
 */
export function compileMask(schema: JsonSchema, references: References): Mask | undefined {
  if (!containsSecret(schema, references)) return undefined;
  const shapes = new Shapes(references);
  return (root, errors) => {
    const masking = new Masking(shapes);
    masking.hideSecrets(root, [schema]);
    return errors.map((item) => masking.maskItem(item));
  };
}

/**
 * Compiles a function that returns a part of a valid value as an error may quote it: without
 * secrets, as {@link compileMask} hides them.
 *
 * @throws Error if a reference cannot be resolved
 */
export function compileQuotation(
  schema: JsonSchema,
  definitions: Definitions,
): (root: unknown, part: unknown) => unknown {
  const mask = compileMask(schema, new References(schema, definitions));
  if (mask === undefined) return (_root, part) => part;
  return (root, part) => mask(root, [{ type: '', loc: [], msg: '', input: part }])[0]?.input;
}

/** Completes the errors of a run and masks them. */
export function finishMasked(state: State, mask: Mask | undefined, root: unknown): ErrorItem[] {
  const errors = finish(state);
  return mask === undefined ? errors : mask(root, errors);
}

/** Error types whose `ctx` quotes the input, and the key of the quotation. */
const QUOTING: Readonly<Record<string, string>> = {
  union_tag_invalid: 'tag',
  uuid_parsing: 'error',
  value_error: 'reason',
};

/**
 * A name that a client may have misspelt. Any other unknown name may be a secret: a form sends JSON
 * or a bare password as a name.
 */
const PLAIN_NAME = /^[\p{L}_-]{1,40}$/u;

/** The masked parts of one value. */
class Masking {
  readonly #shapes: Shapes;
  /** Copies of lists and objects, without secrets. */
  readonly #copies = new Map<object, unknown>();
  /** Scalars that may be secrets. An error shows a scalar, but not where it stood. */
  readonly #hidden = new Set<unknown>();

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  /** Returns the value without secrets, according to alternative schemas. */
  hideSecrets(value: unknown, schemas: readonly JsonSchema[]): unknown {
    const shapes = this.#shapes.of(schemas);
    if (shapes.some(isSecret)) {
      this.#hideAll(value);
      return this.#keep(value, REDACTED);
    }
    if (Array.isArray(value)) {
      if (!shapes.some(isList)) return this.#hideAll(value);
      const items = value.map((item, at) => this.hideSecrets(item, itemSchemas(shapes, at)));
      return this.#keep(value, items);
    }
    if (isObject(value) && !ArrayBuffer.isView(value)) {
      if (!shapes.some(isMap)) return this.#hideAll(value);
      const copy: Record<string, unknown> = {};
      for (const [name, item] of Object.entries(value)) {
        const own = this.#shapes.fields(shapes, name);
        if (own.length === 0) setOwn(copy, maskName(name), this.#hideAll(item));
        else setOwn(copy, name, this.hideSecrets(item, own));
      }
      return this.#keep(value, copy);
    }
    return shapes.some(isScalar) ? value : this.#hideAll(value);
  }

  maskItem(item: ErrorItem): ErrorItem {
    const input = this.#shown(item.input);
    const masked = { ...item, loc: maskLoc(item), input };
    const quoted = QUOTING[item.type] ?? '';
    if (item.ctx?.[quoted] === undefined || input === item.input) return masked;
    const ctx = { ...item.ctx, [quoted]: this.#quotation(item, input) };
    return { ...masked, msg: messageFor(item.type as ErrorType, ctx), ctx };
  }

  /** Returns what an error may quote of a masked input. */
  #quotation({ type, ctx }: ErrorItem, input: unknown): string {
    if (type !== 'union_tag_invalid' || !isObject(input)) return REDACTED;
    // The discriminator is quoted like a string in Python.
    const property = String(ctx?.['discriminator']).slice(1, -1);
    return pythonStr(getOwn(input, property) ?? null);
  }

  /** Replaces every scalar but null and booleans. */
  #hideAll(value: unknown): unknown {
    if (Array.isArray(value)) {
      return this.#keep(
        value,
        value.map((item) => this.#hideAll(item)),
      );
    }
    if (isObject(value) && !ArrayBuffer.isView(value)) {
      const copy: Record<string, unknown> = {};
      for (const [name, item] of Object.entries(value)) {
        setOwn(copy, maskName(name), this.#hideAll(item));
      }
      return this.#keep(value, copy);
    }
    if (value === null || value === undefined || value === '' || typeof value === 'boolean') {
      return value;
    }
    this.#hidden.add(value);
    return REDACTED;
  }

  #keep(value: unknown, copy: unknown): unknown {
    if (typeof value === 'object' && value !== null) this.#copies.set(value, copy);
    return copy;
  }

  /** Returns an input without secrets. */
  #shown(input: unknown): unknown {
    if (typeof input !== 'object' || input === null) {
      return this.#hidden.has(input) ? REDACTED : input;
    }
    if (this.#copies.has(input)) return this.#copies.get(input);
    // The list that FastAPI makes of the repeated values of a parameter or form field.
    if (Array.isArray(input)) return input.map((item) => this.#shown(item));
    return this.#hideAll(input);
  }
}

function maskName(name: string): string {
  return PLAIN_NAME.test(name) ? name : REDACTED;
}

/** Masks the name of a field that is not allowed; other steps are names and labels of schemas. */
function maskLoc({ type, loc }: ErrorItem): ErrorItem['loc'] {
  if (type !== 'extra_forbidden') return loc;
  return [...loc.slice(0, -1), maskName(String(loc.at(-1)))];
}

/** Finds the schemas that a value may have. */
class Shapes {
  readonly #references: References;
  readonly #known = new Map<JsonSchema, readonly JsonSchema[]>();
  readonly #patterns = new Map<string, RegExp>();

  constructor(references: References) {
    this.#references = references;
  }

  /** Returns the schemas with all their alternatives and parts. */
  of(schemas: readonly JsonSchema[]): readonly JsonSchema[] {
    return [...new Set(schemas.flatMap((schema) => this.#partsOf(schema)))];
  }

  /** Returns the schemas of a field; none if it is unknown. */
  fields(shapes: readonly JsonSchema[], name: string): JsonSchema[] {
    return shapes.filter(isMap).flatMap(({ properties, patternProperties, ...rest }) => {
      const own = properties !== undefined && Object.hasOwn(properties, name);
      const declared = own ? [properties[name]] : [];
      const matching = Object.entries(patternProperties ?? {})
        .filter(([pattern]) => this.#pattern(pattern).test(name))
        .map(([, schema]) => schema);
      const known = [...declared, ...matching];
      const others = rest.additionalProperties ?? rest.unevaluatedProperties;
      return (known.length > 0 ? known : [others]).filter(isSchema);
    });
  }

  #partsOf(schema: JsonSchema): readonly JsonSchema[] {
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    const parts = new Set([schema]);
    // A set also iterates over what is added meanwhile.
    for (const { $ref, anyOf = [], oneOf = [], allOf = [] } of parts) {
      for (const part of [...anyOf, ...oneOf, ...allOf]) parts.add(part);
      if ($ref !== undefined) parts.add(this.#references.resolve($ref));
    }
    this.#known.set(schema, [...parts]);
    return [...parts];
  }

  #pattern(source: string): RegExp {
    const compiled = this.#patterns.get(source) ?? compilePattern(source);
    this.#patterns.set(source, compiled);
    return compiled;
  }
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether the schema only combines others. */
function isCombination({ $ref, anyOf, oneOf, allOf }: JsonSchema): boolean {
  return [$ref, anyOf, oneOf, allOf].some((part) => part !== undefined);
}

const isList = (schema: JsonSchema): boolean => kindsOf(schema).includes('array');

const isMap = (schema: JsonSchema): boolean =>
  schema.properties !== undefined || kindsOf(schema).includes('object');

function isScalar(schema: JsonSchema): boolean {
  const kinds = kindsOf(schema);
  if (kinds.length === 0) return !isCombination(schema);
  return kinds.some((kind) => !['object', 'array', 'null'].includes(kind));
}

/** Returns the schemas of the item of a list. */
function itemSchemas(shapes: readonly JsonSchema[], at: number): JsonSchema[] {
  return shapes.filter(isList).flatMap(({ items, prefixItems, additionalItems }) => {
    const legacy = Array.isArray(items) ? (items as readonly JsonSchema[]) : undefined;
    const prefix = prefixItems ?? legacy ?? [];
    const rest = legacy === undefined ? items : additionalItems;
    const item = at < prefix.length ? prefix[at] : (rest ?? {});
    return isSchema(item) ? [item] : [];
  });
}

function containsSecret(
  schema: unknown,
  references: References,
  seen: Set<unknown> = new Set(),
): boolean {
  if (!isSchema(schema) || seen.has(schema)) return false;
  seen.add(schema);
  if (isSecret(schema)) return true;
  const { $ref, properties, patternProperties, anyOf, oneOf, allOf, prefixItems, items } = schema;
  const inner = [
    $ref === undefined ? undefined : references.resolve($ref),
    ...Object.values({ ...properties }),
    ...Object.values({ ...patternProperties }),
    ...[anyOf, oneOf, allOf, prefixItems, items].flat(),
    schema.additionalItems,
    schema.additionalProperties,
    schema.unevaluatedProperties,
    schema.propertyNames,
  ];
  return inner.some((part) => containsSecret(part, references, seen));
}
