import { type Binder, FAIL, type Node, newState, type Quick } from './node.js';

/**
 * Collects the values that generated code refers to, under generated names, never names from a
 * schema. A text from a schema only gets into the code as a literal that `JSON.stringify` writes.
 */
export class Bindings implements Binder {
  readonly #values: unknown[] = [];

  /** Binds a value and returns its name in the code, or a literal, which V8 compiles better. */
  bind(value: unknown): string {
    if (isLiteral(value)) return JSON.stringify(value);
    this.#values.push(value);
    return `b${this.#values.length - 1}`;
  }

  /** Builds `(v) => …` from a function body that uses the bound names. */
  build(body: string): Quick {
    const names = this.#values.map((_value, index) => `b${index}`);
    const factory = new Function('FAIL', ...names, `return function quick(v) {\n${body}\n};`);
    return factory(FAIL, ...this.#values) as Quick;
  }
}

function isLiteral(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** Returns the quick path of a node, or its check if it has none. */
export function quickOf(node: Node): Quick {
  if (node.quick !== undefined) return node.quick;
  const { check, guard } = node;
  if (guard === undefined) return (value) => check(value, newState());
  const bindings = new Bindings();
  return bindings.build(`return ${guard('v', bindings)} ? FAIL : v;`);
}

/** Returns statements that assign the converted `source` to `target`, or return FAIL. */
function convert(node: Node, target: string, source: string, bindings: Bindings): string {
  if (node.guard !== undefined) {
    const condition = node.guard(source, bindings);
    return `if (${condition}) return FAIL;\n${target === source ? '' : `${target} = ${source};`}`;
  }
  const call = `${bindings.bind(quickOf(node))}(${source})`;
  return `${target} = ${call};\nif (${target} === FAIL) return FAIL;`;
}

/** A field of a model or group of parameters. */
export interface QuickField {
  key: string;
  node: Node;
  required: boolean;
  makeDefault?: () => unknown;
  /** Set if the field comes as text, as in parameters and forms. */
  text?: TextSource;
}

/** How a field is read that comes as text. */
export interface TextSource {
  /** Whether the field takes all texts of its name, as a list. */
  isList: boolean;
  /** Whether an empty text means that the field is absent. */
  skipsEmpty: boolean;
}

/** Integers and numbers in almost all requests. */
const FEW_DIGITS = /^\d{1,15}$/;
const PLAIN_NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;

/**
 * Builds the quick path of an object. Fields that are always set form one object literal, so
 * results share a hidden class; after the first optional field, fields are assigned one by one.
 */
export function modelQuick(fields: readonly QuickField[], forbidsExtras: boolean): Quick {
  const bindings = new Bindings();
  const lines = ["if (typeof v !== 'object' || v === null || Array.isArray(v)) return FAIL;"];
  if (forbidsExtras) lines.push('let given = 0;');
  const always: string[] = [];
  const later: string[] = [];
  fields.forEach((field, index) => {
    const name = JSON.stringify(field.key);
    const value = `f${index}`;
    const present = forbidsExtras ? 'given += 1;' : '';
    const converted =
      (field.text === undefined ? '' : readText(field.node, field.text, value, bindings)) +
      convert(field.node, value, value, bindings);
    lines.push(`let ${value} = v[${name}];`);
    if (field.text?.skipsEmpty === true && !field.text.isList) {
      lines.push(`if (${value} === '') ${value} = undefined;`);
    }
    if (field.required) lines.push(`if (${value} === undefined) return FAIL;`, present, converted);
    else {
      const absent =
        field.makeDefault === undefined
          ? ''
          : `else ${value} = ${bindings.bind(field.makeDefault)}();`;
      lines.push(`if (${value} !== undefined) {\n${present}\n${converted}\n} ${absent}`);
    }
    const isAlways = field.required || field.makeDefault !== undefined;
    if (isAlways && later.length === 0) always.push(`${name}: ${value}`);
    else if (isAlways) later.push(`out[${name}] = ${value};`);
    else later.push(`if (${value} !== undefined) out[${name}] = ${value};`);
  });
  // If the input has no more keys than declared fields found, there are no extras.
  if (forbidsExtras) lines.push('for (const _ in v) given -= 1;\nif (given !== 0) return FAIL;');
  lines.push(`const out = { ${always.join(', ')} };`, ...later, 'return out;');
  return bindings.build(lines.join('\n'));
}

/** Returns statements that convert plain text to the type of a node, or return FAIL. */
function readText(node: Node, { isList }: TextSource, value: string, bindings: Bindings): string {
  if (isList) {
    return `${value} = ${bindings.bind(textsOf)}(${value});\nif (${value} === FAIL) return FAIL;\n`;
  }
  const isText = `if (typeof ${value} !== 'string') return FAIL;\n`;
  const test = (pattern: RegExp) =>
    `${isText}if (!${bindings.bind(pattern)}.test(${value})) return FAIL;\n${value} = +${value};\n`;
  switch (/^(?:nullable\[)?(?:constrained-)?(int|float|bool)\]?$/.exec(node.label)?.[1]) {
    case 'int':
      return test(FEW_DIGITS);
    case 'float':
      return test(PLAIN_NUMBER);
    case 'bool':
      return `if (${value} !== 'true' && ${value} !== 'false') return FAIL;\n${value} = ${value} === 'true';\n`;
    default:
      return isText;
  }
}

/** Returns all texts of a name as a list; FAIL if there is none, or a file among them. */
function textsOf(value: unknown): readonly unknown[] | typeof FAIL {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value) || value.length === 0) return FAIL;
  return value.every((item) => typeof item === 'string') ? value : FAIL;
}

/** Builds the quick path of a list. */
export function listQuick(item: Node, min: number, max: number): Quick {
  const bindings = new Bindings();
  const limits = `length < ${bindings.bind(min)} || length > ${bindings.bind(max)}`;
  return bindings.build(`
if (!Array.isArray(v)) return FAIL;
const length = v.length;
if (${limits}) return FAIL;
const out = new Array(length);
for (let index = 0; index < length; index += 1) {
let item = v[index];
${convert(item, 'item', 'item', bindings)}
out[index] = item;
}
return out;`);
}
