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
 * Replaces secrets in the errors of one validation run, in place.
 *
 * @param root the validated value, before conversion
 */
export type Mask = (root: unknown, errors: readonly ErrorItem[]) => void;

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
  const outline = new Outlines(references).of([schema]);
  return (root, errors) => {
    const masking = new Masking(root, outline);
    for (const item of errors) masking.maskItem(item);
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
  return (root, part) => {
    const item: ErrorItem = { type: '', loc: [], msg: '', input: part };
    mask(root, [item]);
    return item.input;
  };
}

/** Completes the errors of a run and masks them. */
export function finishMasked(state: State, mask: Mask | undefined, root: unknown): ErrorItem[] {
  const errors = finish(state);
  mask?.(root, errors);
  return errors;
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

/** The masked parts of one value. Both are found when an error needs them. */
class Masking {
  readonly #root: unknown;
  readonly #outline: Outline;
  /** Copies of lists and objects, without secrets. */
  #copies: Map<object, unknown> | undefined;
  /** Scalars that may be secrets. An error shows a scalar, but not where it stood. */
  #hidden: Set<unknown> | undefined;

  constructor(root: unknown, outline: Outline) {
    this.#root = root;
    this.#outline = outline;
  }

  maskItem(item: ErrorItem): void {
    const { type, input, ctx } = item;
    if (type === 'extra_forbidden') item.loc = maskLoc(item.loc);
    const shown = this.#shown(input);
    if (shown === input) return;
    item.input = shown;
    const quoted = QUOTING[type] ?? '';
    if (ctx?.[quoted] === undefined) return;
    item.ctx = { ...ctx, [quoted]: this.#quotation(item) };
    item.msg = messageFor(type as ErrorType, item.ctx);
  }

  /** Returns what an error may quote of its masked input. */
  #quotation({ type, ctx, input }: ErrorItem): string {
    if (type !== 'union_tag_invalid' || !isObject(input)) return REDACTED;
    // The discriminator is quoted like a string in Python.
    const property = String(ctx?.['discriminator']).slice(1, -1);
    return pythonStr(getOwn(input, property) ?? null);
  }

  /** Returns an input without secrets. */
  #shown(input: unknown): unknown {
    if (typeof input !== 'object' || input === null) {
      return isTelling(input) && this.#hiddenScalars().has(input) ? REDACTED : input;
    }
    const copies = this.#allCopies();
    if (copies.has(input)) return copies.get(input);
    // The list that FastAPI makes of the repeated values of a parameter or form field.
    if (Array.isArray(input)) return input.map((item) => this.#shown(item));
    return copyWithoutSecrets(input, undefined, copies);
  }

  #hiddenScalars(): Set<unknown> {
    if (this.#hidden === undefined) {
      this.#hidden = new Set();
      collectHidden(this.#root, this.#outline, this.#hidden);
    }
    return this.#hidden;
  }

  #allCopies(): Map<object, unknown> {
    if (this.#copies === undefined) {
      this.#copies = new Map();
      copyWithoutSecrets(this.#root, this.#outline, this.#copies);
    }
    return this.#copies;
  }
}

/** Whether a scalar can give a secret away. */
function isTelling(value: unknown): boolean {
  return value !== null && value !== undefined && value !== '' && typeof value !== 'boolean';
}

const hasProperties = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !ArrayBuffer.isView(value);

/**
 * Adds the scalars of a value that may be secrets: all of a secret, and all that are unexpected.
 *
 * @param outline undefined for an unexpected value
 */
function collectHidden(value: unknown, outline: Outline | undefined, hidden: Set<unknown>): void {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1)
      collectHidden(value[at], outline?.item(at), hidden);
  } else if (hasProperties(value)) {
    for (const name of Object.keys(value)) collectHidden(value[name], outline?.field(name), hidden);
  } else if (outline?.showsScalars !== true && isTelling(value)) hidden.add(value);
}

/**
 * Returns a copy of a value without what {@link collectHidden} collects.
 *
 * @param copies receives the copies of all lists and objects in the value
 */
function copyWithoutSecrets(
  value: unknown,
  outline: Outline | undefined,
  copies: Map<object, unknown>,
): unknown {
  const copy = copyParts(value, outline, copies);
  const shown = outline?.isSecret === true ? REDACTED : copy;
  if (typeof value === 'object' && value !== null) copies.set(value, shown);
  return shown;
}

function copyParts(
  value: unknown,
  outline: Outline | undefined,
  copies: Map<object, unknown>,
): unknown {
  if (Array.isArray(value)) {
    return value.map((item, at) => copyWithoutSecrets(item, outline?.item(at), copies));
  }
  if (hasProperties(value)) {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const own = outline?.field(name);
      const shown = copyWithoutSecrets(value[name], own, copies);
      setOwn(copy, own === undefined ? maskName(name) : name, shown);
    }
    return copy;
  }
  return outline?.showsScalars === true || !isTelling(value) ? value : REDACTED;
}

function maskName(name: string): string {
  return PLAIN_NAME.test(name) ? name : REDACTED;
}

/** Masks the name of a field that is not allowed; other steps are names and labels of schemas. */
function maskLoc(loc: ErrorItem['loc']): ErrorItem['loc'] {
  return [...loc.slice(0, -1), maskName(String(loc.at(-1)))];
}

/**
 * What alternative schemas say about secrets in a value. Outlines of parts are made when a value
 * first has that part, and kept: there are no more than the schemas can combine to.
 */
class Outline {
  readonly isSecret: boolean;
  /** Whether a scalar is expected, and no secret. */
  readonly showsScalars: boolean;
  readonly #outlines: Outlines;
  /** The schemas that describe objects. */
  readonly #maps: readonly JsonSchema[];
  /** The schemas that describe lists. */
  readonly #lists: readonly JsonSchema[];
  readonly #fields = new Map<string, Outline | undefined>();
  readonly #items: (Outline | undefined)[] = [];
  /** The number of first items that may have a schema of their own. */
  readonly #prefix: number;
  readonly #hasPatterns: boolean;
  #others: Outline | null | undefined = null;

  constructor(outlines: Outlines, shapes: readonly JsonSchema[]) {
    this.#outlines = outlines;
    this.isSecret = shapes.some(isSecret);
    this.showsScalars = !this.isSecret && shapes.some(isScalar);
    this.#maps = this.isSecret ? [] : shapes.filter(isMap);
    this.#lists = this.isSecret ? [] : shapes.filter(isList);
    this.#prefix = Math.max(0, ...this.#lists.map((schema) => prefixOf(schema).length));
    this.#hasPatterns = this.#maps.some(({ patternProperties }) => patternProperties !== undefined);
    for (const { properties = {} } of this.#maps) {
      for (const name of Object.keys(properties)) this.#fields.set(name, undefined);
    }
  }

  /** Returns the outline of a field; undefined if no schema knows it. */
  field(name: string): Outline | undefined {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    if (this.#fields.has(name)) {
      const own = this.#outlines.find(this.#outlines.fields(this.#maps, name));
      this.#fields.set(name, own);
      return own;
    }
    if (this.#hasPatterns) return this.#outlines.find(this.#outlines.fields(this.#maps, name));
    if (this.#others === null) {
      this.#others = this.#outlines.find(this.#outlines.fields(this.#maps, name));
    }
    return this.#others;
  }

  /** Returns the outline of an item; undefined if no schema knows it. */
  item(at: number): Outline | undefined {
    if (this.#lists.length === 0) return undefined;
    const index = Math.min(at, this.#prefix);
    const known = this.#items[index];
    if (known !== undefined) return known;
    const own = this.#outlines.of(itemSchemas(this.#lists, index));
    this.#items[index] = own;
    return own;
  }
}

/** Makes outlines, one for each combination of schemas. */
class Outlines {
  readonly #references: References;
  readonly #parts = new Map<JsonSchema, readonly JsonSchema[]>();
  readonly #patterns = new Map<string, RegExp>();
  readonly #numbers = new Map<JsonSchema, number>();
  readonly #known = new Map<string, Outline>();

  constructor(references: References) {
    this.#references = references;
  }

  /** Returns the outline of the schemas with all their alternatives and parts. */
  of(schemas: readonly JsonSchema[]): Outline {
    const key = schemas.map((schema) => this.#numberOf(schema)).join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const shapes = [...new Set(schemas.flatMap((schema) => this.#partsOf(schema)))];
    const outline = new Outline(this, shapes);
    this.#known.set(key, outline);
    return outline;
  }

  /** Returns the outline of the schemas, if there are any. */
  find(schemas: readonly JsonSchema[]): Outline | undefined {
    return schemas.length === 0 ? undefined : this.of(schemas);
  }

  /** Returns the schemas of a field; none if it is unknown. */
  fields(maps: readonly JsonSchema[], name: string): JsonSchema[] {
    return maps.flatMap(({ properties, patternProperties, ...rest }) => {
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

  #numberOf(schema: JsonSchema): number {
    const number = this.#numbers.get(schema) ?? this.#numbers.size;
    this.#numbers.set(schema, number);
    return number;
  }

  #partsOf(schema: JsonSchema): readonly JsonSchema[] {
    const known = this.#parts.get(schema);
    if (known !== undefined) return known;
    const parts = new Set([schema]);
    // A set also iterates over what is added meanwhile.
    for (const { $ref, anyOf = [], oneOf = [], allOf = [] } of parts) {
      for (const part of [...anyOf, ...oneOf, ...allOf]) parts.add(part);
      if ($ref !== undefined) parts.add(this.#references.resolve($ref));
    }
    this.#parts.set(schema, [...parts]);
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

/** Returns the schemas of the first items of a list. */
function prefixOf({ items, prefixItems }: JsonSchema): readonly JsonSchema[] {
  return prefixItems ?? (Array.isArray(items) ? (items as readonly JsonSchema[]) : []);
}

/** Returns the schemas of the item of a list. */
function itemSchemas(lists: readonly JsonSchema[], at: number): JsonSchema[] {
  return lists.flatMap((schema) => {
    const prefix = prefixOf(schema);
    const rest = Array.isArray(schema.items) ? schema.additionalItems : schema.items;
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
