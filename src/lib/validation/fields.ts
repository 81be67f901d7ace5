import type { Compiler } from './compiler.js';
import { defaultMaker } from './defaults.js';
import { FAIL, fail, type Node, type State, setOwn, under } from './node.js';
import { modelQuick } from './quick.js';
import type { JsonSchema } from './schema.js';

/** A parameter or form field, which has a name but is not part of a JSON document. */
export interface NamedField {
  /** Declared name, which is also the key of the converted value. */
  name: string;
  node: Node;
  required: boolean;
  /** Whether the field takes all values of its name, as a list. */
  isList: boolean;
  makeDefault?: () => unknown;
}

/** Whether a schema allows an array, through references and unions. */
export function admitsList(
  schema: JsonSchema,
  compiler: Compiler,
  seen = new Set<JsonSchema>(),
): boolean {
  const target = compiler.resolve(schema);
  if (seen.has(target)) return false;
  seen.add(target);
  const { type, anyOf, oneOf, allOf } = target;
  if (type === 'array' || (Array.isArray(type) && type.includes('array'))) return true;
  return [anyOf, oneOf, allOf].some((choices) =>
    choices?.some((choice) => admitsList(choice, compiler, seen)),
  );
}

/** Compiles each property of an object schema as a field. */
export function compileFields(schema: JsonSchema, compiler: Compiler): NamedField[] {
  const { properties = {}, required = [] } = compiler.resolve(schema);
  return Object.entries(properties).map(([name, property]) => {
    const field: NamedField = {
      name,
      node: compiler.compile(property, name),
      // FastAPI never lists a field with a default as required, but TypeBox does.
      required: required.includes(name) && property.default === undefined,
      isList: admitsList(property, compiler),
    };
    if (property.default !== undefined) field.makeDefault = defaultMaker(property.default);
    return field;
  });
}

/**
 * Validates one field. A missing required field is reported with input null; a missing optional
 * field gets its default, which is not validated.
 */
export function checkField(
  field: NamedField,
  loc: string,
  value: unknown,
  out: Record<string, unknown>,
  state: State,
): void {
  const from = state.errors.length;
  if (value === undefined) {
    if (field.required) fail(state, 'missing', null);
    else if (field.makeDefault !== undefined) setOwn(out, field.name, field.makeDefault());
  } else {
    const converted = field.node.check(value, state);
    if (converted !== FAIL) setOwn(out, field.name, converted);
  }
  if (state.errors.length > from) under(state, from, loc);
}

/** Fields by name, which come as text: parameters of a request, or a form. */
export type TextFields = Readonly<Record<string, unknown>>;

/**
 * Returns the quick path of fields that come as text. It takes objects without a prototype only,
 * in which no name is inherited.
 *
 * @param skipsEmpty whether an empty text means that a field is absent
 */
export function quickFields(
  fields: readonly NamedField[],
  skipsEmpty: boolean,
): (given: TextFields) => unknown {
  const quick = modelQuick(
    fields.map(({ name: key, node, required, makeDefault, isList }) => ({
      key,
      node,
      required,
      ...(makeDefault && { makeDefault }),
      text: { isList, skipsEmpty },
    })),
    false,
  );
  return (given) => (Object.getPrototypeOf(given) === null ? quick(given) : FAIL);
}

/** Returns all values of a name as an array. */
export function valuesOf(raw: unknown): unknown[] {
  if (raw === undefined || raw === null) return [];
  return Array.isArray(raw) ? raw : [raw];
}
