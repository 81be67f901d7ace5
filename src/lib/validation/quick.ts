import { FAIL, type Node, newState } from './node.js';

/**
 * The quick path. Most requests are plainly valid: every value has its own type already. For
 * those, code is generated which converts without bookkeeping, and which answers `FAIL` for
 * whatever is not plain. It never decides that a value is wrong: after `FAIL` the checks, which
 * know every conversion and every error, start afresh. So the two cannot disagree on an error.
 */
export type Quick = (value: unknown) => unknown;

/** Collects what generated code refers to; names are made up here, never taken from a schema. */
export class Bindings {
  readonly #values: unknown[] = [];

  /** Makes a value known to the code and answers its name there. */
  bind(value: unknown): string {
    this.#values.push(value);
    return `b${this.#values.length - 1}`;
  }

  /** Builds `(v) => …` out of a function body that uses the bound names. */
  build(body: string): Quick {
    const names = this.#values.map((_value, index) => `b${index}`);
    const factory = new Function('FAIL', ...names, `return function quick(v) {\n${body}\n};`);
    return factory(FAIL, ...this.#values) as Quick;
  }
}

/** A condition, as code, under which a value is not plainly valid; a plain one stays as it is. */
export type Guard = (value: string, bindings: Bindings) => string;

/** The quick path of any node, be it only its check. */
export function quickOf(node: Node): Quick {
  if (node.quick !== undefined) return node.quick;
  const { check, guard } = node;
  if (guard === undefined) return (value) => check(value, newState());
  const bindings = new Bindings();
  return bindings.build(`return ${guard('v', bindings)} ? FAIL : v;`);
}

/** Statements which leave the converted `source` in `target`, or return FAIL. */
function convert(node: Node, target: string, source: string, bindings: Bindings): string {
  if (node.guard !== undefined) {
    const condition = node.guard(source, bindings);
    return `if (${condition}) return FAIL;\n${target === source ? '' : `${target} = ${source};`}`;
  }
  const call = `${bindings.bind(quickOf(node))}(${source})`;
  return `${target} = ${call};\nif (${target} === FAIL) return FAIL;`;
}

/** A field as the quick path sees it. */
export interface QuickField {
  key: string;
  node: Node;
  required: boolean;
  makeDefault?: () => unknown;
  /** Whether it is an integer that arrives as text, as parameters do. */
  isIntegerText?: boolean;
}

/** The integers that nearly every client sends. */
const FEW_DIGITS = /^\d{1,15}$/;

/**
 * Code for an object. Fields that are always there make up one literal, which gives the results
 * one hidden class; from the first field that may be absent on they are added one by one.
 */
export function modelQuick(fields: readonly QuickField[], forbidsExtras: boolean): Quick {
  const bindings = new Bindings();
  const lines = ["if (typeof v !== 'object' || v === null || b0(v)) return FAIL;"];
  bindings.bind(Array.isArray);
  if (forbidsExtras) lines.push('let given = 0;');
  const always: string[] = [];
  const later: string[] = [];
  fields.forEach((field, index) => {
    const name = JSON.stringify(field.key);
    const value = `f${index}`;
    const present = forbidsExtras ? 'given += 1;' : '';
    const converted =
      (field.isIntegerText === true ? readDigits(value, bindings) : '') +
      convert(field.node, value, value, bindings);
    lines.push(`let ${value} = v[${name}];`);
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
  // All given fields are declared exactly when there are no more keys than those.
  if (forbidsExtras) lines.push('for (const _ in v) given -= 1;\nif (given !== 0) return FAIL;');
  lines.push(`const out = { ${always.join(', ')} };`, ...later, 'return out;');
  return bindings.build(lines.join('\n'));
}

function readDigits(value: string, bindings: Bindings): string {
  const plain = `${bindings.bind(FEW_DIGITS)}.test(${value})`;
  return `if (typeof ${value} !== 'string' || !${plain}) return FAIL;\n${value} = +${value};\n`;
}

/** Code for a list. */
export function listQuick(item: Node, min: number, max: number): Quick {
  const bindings = new Bindings();
  const isArray = bindings.bind(Array.isArray);
  const limits = `length < ${bindings.bind(min)} || length > ${bindings.bind(max)}`;
  return bindings.build(`
if (!${isArray}(v)) return FAIL;
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
