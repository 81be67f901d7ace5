import { anyNode } from './any.js';
import { listNode, setNode, tupleNode } from './arrays.js';
import type { TextForm } from './dates.js';
import { decimalNode, isDecimal } from './decimals.js';
import { enumNode, literalNode } from './enums.js';
import { isBinary, textNode } from './formats.js';
import { type Keywords, keywordNode } from './keywords.js';
import type { Node, Slot } from './node.js';
import { booleanNode, integerNode, nullNode, numberNode } from './numbers.js';
import { dictNode, type Extras, makeField, modelNode, type PatternRule } from './objects.js';
import { compilePattern } from './pattern.js';
import { recursiveNode } from './recursion.js';
import { References } from './references.js';
import type { Definitions, JsonSchema } from './schema.js';
import {
  isClassTitle,
  kindsOf,
  mergeAll,
  refuseMixed,
  refuseUnknown,
  sizeLimits,
} from './schema-shape.js';
import { isSecret, secretNode } from './secrets.js';
import { fileNode, unicodeNode } from './strings.js';
import { nullableNode, type TaggedMember, taggedUnionNode, unionNode } from './unions.js';

/** Patterns that match every name; TypeBox's `Record(String, …)` uses one. */
const EVERY_NAME = new Set(['^(.*)$', '^.*$', '.*', '']);

/** Options of {@link Compiler}. */
export interface CompilerOptions {
  definitions: Definitions;
  form: TextForm;
  /** Whether binary strings are uploads. */
  files?: boolean;
  keywords?: Keywords | undefined;
}

/** Compiles schemas to nodes; each instance serves one root schema. */
export class Compiler {
  readonly references: References;
  readonly #form: TextForm;
  readonly #files: boolean;
  readonly #keywords: Keywords;
  readonly #slots = new Map<JsonSchema, Slot>();

  constructor(
    root: JsonSchema,
    { definitions, form, files = false, keywords = {} }: CompilerOptions,
  ) {
    this.references = new References(root, definitions);
    this.#form = form;
    this.#files = files;
    this.#keywords = keywords;
  }

  /**
   * Compiles one schema.
   *
   * @param name the property that the schema belongs to, which distinguishes a class name from a
   *   generated title
   * @throws Error if a reference cannot be resolved or a keyword is not supported
   */
  compile(schema: JsonSchema | boolean, name?: string): Node {
    if (schema === true) return anyNode();
    if (schema === false) throw new Error('A schema that admits nothing cannot be compiled');
    if (schema.$ref !== undefined) {
      refuseMixed(schema);
      return this.#compileRef(schema.$ref);
    }
    const open = this.#slots.get(schema);
    if (open !== undefined) return open.node ?? recursiveNode(open, schema.title ?? name ?? '...');
    const slot: Slot = { node: undefined };
    this.#slots.set(schema, slot);
    slot.node = this.#build(schema, name, schema.$id !== undefined);
    return slot.node;
  }

  /**
   * Resolves references to the schema itself.
   *
   * @throws Error for a reference that leads to itself
   */
  resolve(schema: JsonSchema): JsonSchema {
    const seen = new Set<JsonSchema>();
    let current = schema;
    while (current.$ref !== undefined) {
      if (seen.has(current)) throw new Error(`Schema reference ${current.$ref} refers to itself`);
      seen.add(current);
      current = this.references.resolve(current.$ref);
    }
    return current;
  }

  #compileRef(ref: string): Node {
    const target = this.resolve({ $ref: ref });
    const name = target.title ?? target.$id ?? References.nameOf(ref);
    const open = this.#slots.get(target);
    if (open !== undefined) return open.node ?? recursiveNode(open, name);
    const slot: Slot = { node: undefined };
    this.#slots.set(target, slot);
    slot.node = this.#build(target, name, true);
    return slot.node;
  }

  #build(schema: JsonSchema, name: string | undefined, isNamed: boolean): Node {
    const node = this.#buildPlain(schema, name, isNamed);
    return isSecret(schema) ? secretNode(node) : node;
  }

  #buildPlain(schema: JsonSchema, name: string | undefined, isNamed: boolean): Node {
    refuseUnknown(schema);
    if (schema.allOf !== undefined) return this.#buildAllOf(schema, name, isNamed);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return this.#buildUnion(schema, choices, name);
    if (schema.const !== undefined) return unicodeNode(literalNode([schema.const]));
    const kinds = kindsOf(schema);
    const rest = kinds.filter((kind) => kind !== 'null');
    if (rest.length < kinds.length && rest.length > 0) {
      const values = schema.enum?.filter((value) => value !== null);
      const inner = { ...schema, type: rest, nullable: false, ...(values && { enum: values }) };
      return nullableNode(this.#build(inner, name, isNamed));
    }
    if (schema.enum !== undefined) return this.#buildEnum(schema, schema.enum, name, isNamed);
    if (kinds.length > 1) {
      return unionNode(kinds.map((kind) => this.#buildKind({ ...schema, type: kind }, kind, name)));
    }
    return this.#buildKind(schema, kinds[0], name);
  }

  #buildKind(schema: JsonSchema, kind: string | undefined, name: string | undefined): Node {
    switch (kind) {
      case 'string':
        if (this.#files && isBinary(schema)) return fileNode();
        return keywordNode(schema, this.#keywords) ?? unicodeNode(textNode(schema, this.#form));
      case 'integer':
        return unicodeNode(integerNode(schema));
      case 'number':
        return unicodeNode(numberNode(schema));
      case 'boolean':
        return unicodeNode(booleanNode());
      case 'null':
        return nullNode();
      case 'array':
        return this.#buildArray(schema);
      case 'object':
        return this.#buildObject(schema, name);
      case undefined:
        return anyNode();
      default:
        throw new Error(`Schema type ${kind} is not known`);
    }
  }

  #buildEnum(
    schema: JsonSchema,
    values: readonly unknown[],
    name: string | undefined,
    isNamed: boolean,
  ): Node {
    if (!isNamed && !isClassTitle(schema.title, name)) return unicodeNode(literalNode(values));
    return unicodeNode(enumNode(schema, values, schema.title ?? name ?? 'Enum'));
  }

  #buildAllOf(schema: JsonSchema, name: string | undefined, isNamed: boolean): Node {
    const { allOf = [], ...own } = schema;
    const only = allOf.length === 1 ? allOf[0] : undefined;
    if (only !== undefined && own.properties === undefined) return this.compile(only, name);
    const parts = allOf.map((part) => this.resolve(part));
    return this.#build(mergeAll([...parts, own]), name, isNamed);
  }

  #buildUnion(schema: JsonSchema, choices: readonly JsonSchema[], name: string | undefined): Node {
    refuseMixed(schema);
    const isNull = (choice: JsonSchema) =>
      choice.type === 'null' || (choice.const === null && 'const' in choice);
    const members = choices.filter((choice) => !isNull(choice));
    const node = this.#buildMembers(schema, members, name);
    return members.length < choices.length || schema.nullable === true ? nullableNode(node) : node;
  }

  #buildMembers(schema: JsonSchema, members: readonly JsonSchema[], name: string | undefined) {
    const [first] = members;
    if (first === undefined) return nullNode();
    if (members.length === 1) return this.compile(first, name);
    if (members.every((member) => member.const !== undefined)) {
      return unicodeNode(literalNode(members.map((member) => member.const)));
    }
    if (isDecimal(members)) return decimalNode(first);
    if (schema.discriminator !== undefined) return this.#buildTagged(schema, members);
    return unionNode(members.map((member) => this.compile(member)));
  }

  #buildTagged(schema: JsonSchema, members: readonly JsonSchema[]): Node {
    const { propertyName = '', mapping = {} } = schema.discriminator ?? {};
    const byTarget = new Map(
      Object.entries(mapping).map(([tag, ref]) => [this.references.resolve(ref), tag]),
    );
    const tagged = members.flatMap((member): TaggedMember[] => {
      const target = this.resolve(member);
      const node = this.compile(member);
      const property = target.properties?.[propertyName];
      const tags = property === undefined ? [] : this.#constantsOf(property);
      const named = byTarget.get(target);
      if (tags.length === 0 && named !== undefined) tags.push(named);
      if (tags.length === 0) throw new Error(`A member has no constant ${propertyName}`);
      return tags.map((tag) => ({ tag, node }));
    });
    return taggedUnionNode(propertyName, tagged);
  }

  /** Returns the values that a schema of constants allows. */
  #constantsOf(schema: JsonSchema): unknown[] {
    const { const: only, enum: values, anyOf = [] } = this.resolve(schema);
    if (only !== undefined) return [only];
    return values === undefined
      ? anyOf.flatMap((member) => this.#constantsOf(member))
      : [...values];
  }

  #buildArray(schema: JsonSchema): Node {
    const limits = { min: schema.minItems ?? 0, max: schema.maxItems ?? Number.POSITIVE_INFINITY };
    const { items, additionalItems } = schema;
    const legacy = Array.isArray(items) ? (items as readonly JsonSchema[]) : undefined;
    const prefix = schema.prefixItems ?? legacy;
    const following = legacy === undefined ? items : additionalItems;
    if (prefix !== undefined) {
      const open = typeof following === 'object' ? (following as JsonSchema) : undefined;
      const rest = open === undefined ? undefined : this.compile(open);
      return tupleNode(
        prefix.map((item) => this.compile(item)),
        rest,
        limits,
      );
    }
    const item =
      following === undefined ? anyNode() : this.compile(following as JsonSchema | boolean);
    return schema.uniqueItems === true ? setNode(item, limits) : listNode(item, limits);
  }

  #buildObject(schema: JsonSchema, name: string | undefined): Node {
    const { properties, patternProperties = {}, propertyNames } = schema;
    const size = sizeLimits(schema);
    const declared = schema.additionalProperties ?? schema.unevaluatedProperties;
    const patterns = Object.entries(patternProperties);
    const [only] = patterns;
    if (properties === undefined || propertyNames !== undefined) {
      const everyName = only !== undefined && patterns.length === 1 && EVERY_NAME.has(only[0]);
      if (patterns.length === 0 || everyName) {
        const item = everyName ? only[1] : (declared ?? true);
        if (item !== false) {
          const key = propertyNames === undefined ? undefined : this.compile(propertyNames);
          return dictNode(key, this.compile(item), size);
        }
      }
    }
    const required = new Set(schema.required ?? []);
    const fields = Object.entries(properties ?? {}).map(([key, property]) =>
      makeField(key, this.compile(property, key), required.has(key), property),
    );
    for (const key of required) {
      if (!fields.some((field) => field.key === key)) {
        fields.push({ key, node: anyNode(), required: true });
      }
    }
    const rules: PatternRule[] = patterns.map(([pattern, rule]) => ({
      regexp: compilePattern(pattern),
      node: this.compile(rule),
    }));
    return modelNode(
      schema.title ?? schema.$id ?? name ?? 'object',
      fields,
      this.#extras(declared),
      rules,
      size,
    );
  }

  #extras(declared: JsonSchema | boolean | undefined): Extras {
    if (declared === undefined) return 'drop';
    if (declared === false) return 'forbid';
    return this.compile(declared);
  }
}
