import { Compiler } from './compiler.js';
import type { TextForm } from './dates.js';
import type { Validated } from './error-item.js';
import { checkField, compileFields, type NamedField, quickFields, valuesOf } from './fields.js';
import type { Keywords } from './keywords.js';
import { FAIL, getOwn, newState, setOwn, under } from './node.js';
import type { Definitions, JsonSchema } from './schema.js';
import { compileMask, finishMasked } from './secrets.js';

/** The location of parameters, which is the first element of every `loc`. */
export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie';

/** Options of {@link compileParameters}. */
export interface ParameterOptions {
  definitions?: Definitions;
  /** Custom keywords, by name. */
  keywords?: Keywords | undefined;
  place: ParameterPlace;
  /** Whether the schema is one FastAPI parameter model instead of single parameters. */
  model?: boolean;
  /** See `CompileOptions.text`. */
  text?: TextForm;
}

/** Raw values by name; repeated names have an array. */
export type RawParameters = Readonly<Record<string, unknown>>;

/** Validates and converts the parameters. Never throws, and never modifies its input. */
export type ParameterValidator = (
  raw: RawParameters | null | undefined,
) => Validated<Record<string, unknown>>;

/**
 * Chooses among repeated values as Starlette does: the last of a query key or cookie, the first of
 * a header.
 */
function pick(values: readonly unknown[], place: ParameterPlace): unknown {
  return place === 'header' ? values[0] : values.at(-1);
}

function lookupName(name: string, place: ParameterPlace): string {
  return place === 'header' ? name.toLowerCase() : name;
}

function read(field: NamedField, raw: RawParameters, place: ParameterPlace): unknown {
  const given = getOwn(raw, lookupName(field.name, place));
  if (!field.isList) return Array.isArray(given) ? pick(given, place) : (given ?? undefined);
  const values = valuesOf(given);
  return values.length === 0 ? undefined : values;
}

const NOTHING: RawParameters = Object.freeze({});

/** Also sets converted values under Node's lower-case header names. */
function answerHeaders(fields: readonly NamedField[], out: Record<string, unknown>): void {
  for (const { name } of fields) {
    const own = lookupName(name, 'header');
    if (own !== name && Object.hasOwn(out, name)) setOwn(out, own, out[name]);
  }
}

/** Keeps undeclared headers, because hooks and handlers read many that no operation declares. */
function startValue(raw: RawParameters, place: ParameterPlace): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  if (place === 'header') {
    for (const key of Object.keys(raw)) setOwn(out, key, raw[key]);
  }
  return out;
}

function compileSingles(
  schema: JsonSchema,
  compiler: Compiler,
  place: ParameterPlace,
): ParameterValidator {
  const fields = compileFields(schema, compiler);
  const mask = compileMask(
    renameProperties(compiler.resolve(schema), (name) => lookupName(name, place)),
    compiler.references,
  );
  // Headers keep what is not declared.
  const quick = place === 'header' ? () => FAIL : quickFields(fields, false);
  return (given) => {
    const raw = given ?? NOTHING;
    const value = quick(raw);
    if (value !== FAIL) return { value: value as Record<string, unknown> };
    const state = newState();
    const out = startValue(raw, place);
    for (const field of fields) {
      checkField(field, field.name, read(field, raw, place), out, state);
    }
    if (state.errors.length === 0) {
      if (place === 'header') answerHeaders(fields, out);
      return { value: out };
    }
    under(state, 0, place);
    return { errors: finishMasked(state, mask, raw) };
  };
}

/** FastAPI's header models name fields as in Python: `save-data` is `save_data` in `input`. */
function modelName(name: string, place: ParameterPlace): string {
  return place === 'header' ? name.replaceAll('-', '_') : name;
}

function renameProperties(schema: JsonSchema, nameOf: (name: string) => string): JsonSchema {
  const { properties = {}, required } = schema;
  const renamed: Record<string, JsonSchema> = {};
  for (const [name, property] of Object.entries(properties)) {
    setOwn(renamed, nameOf(name), property);
  }
  return {
    ...schema,
    type: 'object',
    properties: renamed,
    ...(required && { required: required.map(nameOf) }),
  };
}

function compileModel(
  schema: JsonSchema,
  compiler: Compiler,
  place: ParameterPlace,
): ParameterValidator {
  const target = compiler.resolve(schema);
  const fields = compileFields(target, compiler);
  // A header sent under the Python name of a declared one is neither that field nor an extra.
  const names = new Set(fields.flatMap(({ name }) => [name, modelName(name, place)]));
  const model = renameProperties(target, (name) => modelName(name, place));
  const { check } = compiler.compile(model);
  const mask = compileMask(model, compiler.references);

  /**
   * Collects the model's input as FastAPI does: declared fields that were sent, then extras.
   */
  const collect = (raw: RawParameters): Record<string, unknown> => {
    const input: Record<string, unknown> = {};
    for (const field of fields) {
      const value = read(field, raw, place);
      if (value !== undefined) setOwn(input, modelName(field.name, place), value);
    }
    for (const key of Object.keys(raw)) {
      const values = valuesOf(raw[key]);
      if (names.has(key) || values.length === 0) continue;
      setOwn(input, key, values.length === 1 ? values[0] : values);
    }
    return input;
  };

  return (given) => {
    const raw = given ?? NOTHING;
    const state = newState();
    const input = collect(raw);
    const result = check(input, state);
    if (result === FAIL) {
      // Errors name the header, unlike the keys of `input`.
      for (const { loc } of state.errors) {
        const declared = fields.find(({ name }) => modelName(name, place) === loc.at(-1));
        if (declared !== undefined) loc[loc.length - 1] = declared.name;
      }
      under(state, 0, place);
      return { errors: finishMasked(state, mask, input) };
    }
    const out = startValue(raw, place);
    for (const [key, value] of Object.entries(result as Record<string, unknown>)) {
      const declared = fields.find((field) => modelName(field.name, place) === key);
      setOwn(out, declared?.name ?? key, value);
    }
    if (place === 'header') answerHeaders(fields, out);
    return { value: out };
  };
}

/**
 * Compiles the parameters of one location from an object schema such as Fastify's `schema.params`,
 * `querystring` and `headers`. The validator returns the converted values by declared name, with
 * defaults, or errors with FastAPI's `loc` and `input` for that location.
 *
 * Raw query values must keep their order, with arrays for repeated keys; header names must be in
 * lower case.
 *
 * @throws Error if a schema cannot be compiled, see `compileSchema`
 */
export function compileParameters(
  schema: JsonSchema,
  { definitions = {}, keywords, place, model = false, text = 'canonical' }: ParameterOptions,
): ParameterValidator {
  const compiler = new Compiler(schema, { definitions, keywords, form: text });
  return model ? compileModel(schema, compiler, place) : compileSingles(schema, compiler, place);
}
