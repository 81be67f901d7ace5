import type { Compiler } from './compiler.js';
import { defaultMaker } from './defaults.js';
import { FAIL, fail, type Node, type State, setOwn, under } from './node.js';
import type { JsonSchema } from './schema.js';

/** A parameter or a form field: a value that arrives by name, outside any JSON. */
export interface NamedField {
  /** Name as declared in the schema, under which the converted value is answered. */
  name: string;
  node: Node;
  required: boolean;
  /** Whether it takes all values given under its name instead of one. */
  isList: boolean;
  makeDefault?: () => unknown;
}

/** Whether a schema admits an array, looking through references, `anyOf` and `null`. */
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

/** Compiles the `properties` of an object schema one by one. */
export function compileFields(schema: JsonSchema, compiler: Compiler): NamedField[] {
  const { properties = {}, required = [] } = compiler.resolve(schema);
  return Object.entries(properties).map(([name, property]) => {
    const field: NamedField = {
      name,
      node: compiler.compile(property, name),
      // FastAPI never lists a field with a default as required; TypeBox does, and means the same.
      required: required.includes(name) && property.default === undefined,
      isList: admitsList(property, compiler),
    };
    if (property.default !== undefined) field.makeDefault = defaultMaker(property.default);
    return field;
  });
}

/**
 * Checks one field by itself. A required field without a value is missing with input null; an
 * optional one gets its default, which is not checked.
 */
export function checkField(
  field: NamedField,
  loc: string,
  value: unknown,
  out: Record<string, unknown>,
  state: State,
): void {
  const from = state.errors.length;
  if (value === undefined || value === null) {
    if (field.required) fail(state, 'missing', null);
    else if (field.makeDefault !== undefined) setOwn(out, field.name, field.makeDefault());
  } else {
    const converted = field.node.check(value, state);
    if (converted !== FAIL) setOwn(out, field.name, converted);
  }
  if (state.errors.length > from) under(state, from, loc);
}

/** All values given under one name. */
export function valuesOf(raw: unknown): unknown[] {
  if (raw === undefined || raw === null) return [];
  return Array.isArray(raw) ? raw : [raw];
}
