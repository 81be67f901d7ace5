import { Compiler } from './compiler.js';
import type { TextForm } from './dates.js';
import { defaultMaker } from './defaults.js';
import type { Validated } from './error-item.js';
import { roundBigInts } from './exact-json.js';
import {
  checkField,
  compileFields,
  type NamedField,
  quickFields,
  type TextFields,
  valuesOf,
} from './fields.js';
import type { Keywords } from './keywords.js';
import { FAIL, fail, getOwn, isObject, newState, type State, setOwn, under } from './node.js';
import { quickOf } from './quick.js';
import type { Definitions, JsonSchema } from './schema.js';
import { compileMask, finishMasked, type Mask } from './secrets.js';

/** A request body, parsed according to its content type. */
export type ParsedBody =
  /** `hasBigInts`: see `parseJson`. */
  | { kind: 'json'; value: unknown; hasBigInts?: true }
  /** A body whose content type is missing or not JSON, as text. */
  | { kind: 'raw'; text: string }
  | { kind: 'empty' }
  /** Form fields and files by name; repeated names become arrays. */
  | { kind: 'form'; fields: Readonly<Record<string, unknown>> };

/**
 * How the schema maps to the body:
 *
 * - `model`: the body is one value of the schema.
 * - `embed`: the body is an object of several parameters, each a property of the schema.
 * - `form`: single form fields or files, each a property of the schema.
 * - `form-model`: one model whose fields are form fields.
 */
export type BodyMode = 'model' | 'embed' | 'form' | 'form-model';

/** Options of {@link compileBody}. */
export interface BodyOptions {
  schema: JsonSchema;
  definitions?: Definitions;
  /** Custom keywords, by name. */
  keywords?: Keywords | undefined;
  mode?: BodyMode;
  /** Whether an empty body is an error; default true. */
  required?: boolean;
  /** See `CompileOptions.text`. */
  text?: TextForm;
}

/** Validates and converts a body. Never throws, and never modifies its input. */
export type BodyValidator = (body: ParsedBody) => Validated;

/** @param content the body as validated, for the mask */
function answer(state: State, value: unknown, mask?: Mask, content?: unknown): Validated {
  if (state.errors.length === 0) return { value };
  under(state, 0, 'body');
  return { errors: finishMasked(state, mask, content) };
}

/** Returns the value of a body before conversion: undefined for an empty one. */
export function contentOf(body: ParsedBody): unknown {
  if (body.kind === 'json') return body.value;
  if (body.kind === 'raw') return body.text === '' ? undefined : body.text;
  return body.kind === 'form' ? body.fields : undefined;
}

function compileSingle(schema: JsonSchema, compiler: Compiler, required: boolean): BodyValidator {
  const node = compiler.compile(schema);
  const { check } = node;
  const quick = quickOf(node);
  const mask = compileMask(schema, compiler.references);
  const makeDefault = defaultMaker(schema.default ?? null);
  const checkAll = (body: ParsedBody): Validated => {
    const content = contentOf(body);
    const state = newState();
    state.isBytes = body.kind === 'raw';
    if (content === undefined) {
      if (!required) return { value: makeDefault() };
      fail(state, 'missing', null);
      return answer(state, undefined);
    }
    return answer(state, check(content, state), mask, content);
  };
  return (body) => {
    // The quick path knows no bytes.
    if (body.kind === 'json' && body.value !== undefined) {
      const value = quick(body.value);
      if (value !== FAIL) return { value: body.hasBigInts === true ? roundBigInts(value) : value };
    }
    return rounded(body, checkAll(body));
  };
}

function compileEmbedded(schema: JsonSchema, compiler: Compiler): BodyValidator {
  const fields = compileFields(schema, compiler);
  const mask = compileMask(schema, compiler.references);
  return (body) => {
    const state = newState();
    // A body that is not JSON contains no parameters, so defaults apply.
    const content = body.kind === 'raw' ? undefined : contentOf(body);
    const out: Record<string, unknown> = {};
    for (const field of fields) {
      if (content === undefined || isObject(content)) {
        const value = content === undefined ? undefined : getOwn(content, field.name);
        checkField(field, field.name, value, out, state);
      } else {
        // FastAPI cannot look up fields in a JSON list, string, number or null, and then reports
        // even optional ones as missing.
        fail(state, 'missing', null);
        under(state, state.errors.length - 1, field.name);
      }
    }
    return rounded(body, answer(state, out, mask, content));
  };
}

const NO_FIELDS: TextFields = Object.freeze({});

const fieldsOf = (body: ParsedBody): TextFields => (body.kind === 'form' ? body.fields : NO_FIELDS);

/** Returns the value of a form field; undefined for an empty one, which browsers send for nothing. */
function readField(field: NamedField, fields: TextFields): unknown {
  const values = valuesOf(getOwn(fields, field.name));
  if (field.isList) {
    const chosen = values.filter((value) => !isNoFile(value));
    return chosen.length === 0 ? undefined : chosen;
  }
  const value = values.at(-1);
  return value === '' || isNoFile(value) ? undefined : value;
}

/** Whether a value is a file field in which no file was chosen. */
function isNoFile(value: unknown): boolean {
  return isObject(value) && value['filename'] === '' && value['size'] === 0;
}

function compileForm(schema: JsonSchema, compiler: Compiler): BodyValidator {
  const fields = compileFields(schema, compiler);
  const mask = compileMask(schema, compiler.references);
  const quick = quickFields(fields, true);
  return (body) => {
    const given = fieldsOf(body);
    const value = quick(given);
    if (value !== FAIL) return { value };
    const state = newState();
    const out: Record<string, unknown> = {};
    for (const field of fields) {
      checkField(field, field.name, readField(field, given), out, state);
    }
    return answer(state, out, mask, given);
  };
}

function compileFormModel(schema: JsonSchema, compiler: Compiler): BodyValidator {
  const fields = compileFields(schema, compiler);
  const names = new Set(fields.map((field) => field.name));
  const { check } = compiler.compile(schema);
  const mask = compileMask(schema, compiler.references);
  return (body) => {
    const given = fieldsOf(body);
    const input: Record<string, unknown> = {};
    for (const field of fields) {
      const value = readField(field, given);
      if (value !== undefined) setOwn(input, field.name, value);
    }
    for (const key of Object.keys(given)) {
      const values = valuesOf(given[key]);
      if (!names.has(key) && values.length > 0) {
        setOwn(input, key, values.length === 1 ? values[0] : values);
      }
    }
    const state = newState();
    const value = check(input, state);
    return answer(state, value === FAIL ? undefined : value, mask, input);
  };
}

/**
 * Compiles the body of an operation. Errors have FastAPI's `loc` and `input` for the mode: an
 * absent body is `missing` at `["body"]`, or at each field if the body has several parameters. A
 * body that is not JSON is validated as a string.
 *
 * @throws Error if a schema cannot be compiled, see `compileSchema`
 */
export function compileBody(options: BodyOptions): BodyValidator {
  const { schema, definitions = {}, keywords, mode = 'model' } = options;
  const { required = true, text = 'canonical' } = options;
  // A binary string is an upload in a form, and text in JSON.
  const files = mode === 'form' || mode === 'form-model';
  const compiler = new Compiler(schema, { definitions, keywords, form: text, files });
  switch (mode) {
    case 'embed':
      return compileEmbedded(schema, compiler);
    case 'form':
      return compileForm(schema, compiler);
    case 'form-model':
      return compileFormModel(schema, compiler);
    default:
      return compileSingle(schema, compiler, required);
  }
}

/** Handlers get numbers: integers that are not safe are only exact in errors. */
function rounded(body: ParsedBody, result: Validated): Validated {
  const isExact = body.kind === 'json' && body.hasBigInts === true;
  return isExact && 'value' in result ? { value: roundBigInts(result.value) } : result;
}
