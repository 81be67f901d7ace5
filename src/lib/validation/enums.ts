import { type Check, FAIL, fail, type Guard, LAX, lower, type Node, newState } from './node.js';
import { numberNode, parseIntText } from './numbers.js';
import { expectedOneOf, pythonRepr } from './python-repr.js';
import type { JsonSchema } from './schema.js';

/**
 * Returns a function that finds the member equal to a value in Python, where 1, 1.0 and True are
 * equal; a member of the same type takes precedence.
 */
export function memberFinder(members: readonly unknown[]): (value: unknown) => unknown {
  const exact = new Set(members);
  const numeric = new Map<number, unknown>();
  for (const member of members) {
    if (
      (typeof member === 'number' || typeof member === 'boolean') &&
      !numeric.has(Number(member))
    ) {
      numeric.set(Number(member), member);
    }
  }
  return (value) => {
    if (exact.has(value)) return value;
    if (typeof value === 'number' || typeof value === 'boolean') {
      const number = Number(value);
      if (numeric.has(number)) return numeric.get(number);
    }
    return FAIL;
  };
}

/**
 * Whether an integer is beyond 64 bits, which Pydantic does not look up among integer members, but
 * rejects as too large.
 */
function isBeyond(value: unknown, members: readonly unknown[]): boolean {
  return (
    typeof value === 'bigint' &&
    BigInt.asIntN(64, value) !== value &&
    members.some((member) => Number.isInteger(member))
  );
}

/** Maximum number of members that generated code compares one by one. */
const FEW = 8;

function membersGuard(members: readonly unknown[]): Guard {
  return (value, bindings) => {
    if (members.length > FEW) return `!${bindings.bind(new Set(members))}.has(${value})`;
    const conditions = members.map((member) => `${value} !== ${bindings.bind(member)}`);
    return `(${conditions.join(' && ')})`;
  };
}

/** Compiles `const` and anonymous `enum` as Pydantic's `Literal`: exact, without conversion. */
export function literalNode(members: readonly unknown[]): Node {
  const find = memberFinder(members);
  const expected = expectedOneOf(members);
  const check: Check = (value, state) => {
    if (isBeyond(value, members)) return fail(state, 'int_parsing_size', value);
    const found = state.isBytes === true ? FAIL : find(value);
    return found === FAIL ? fail(state, 'literal_error', value, { expected }) : found;
  };
  return {
    check,
    label: `literal[${members.map(pythonRepr).join(',')}]`,
    guard: membersGuard(members),
  };
}

/** Converts texts to the type of an enum; returns FAIL, which is no member, if that fails. */
function convert(type: JsonSchema['type'], value: unknown): unknown {
  if (type === 'integer') {
    const parsed = typeof value === 'string' ? parseIntText(value) : value;
    return parsed === 'parsing' || parsed === 'size' ? FAIL : parsed;
  }
  return type === 'number' ? readFloat(value, newState()) : value;
}

const { check: readFloat } = numberNode({});

/** Compiles a named `enum` as Pydantic's `Enum` class, which converts numeric strings. */
export function enumNode(schema: JsonSchema, members: readonly unknown[], name: string): Node {
  const find = memberFinder(members);
  const expected = expectedOneOf(members);
  const check: Check = (value, state) => {
    lower(state, LAX);
    const converted = convert(schema.type, value);
    if (isBeyond(converted, members)) return fail(state, 'int_parsing_size', converted);
    const found = find(converted);
    return found === FAIL ? fail(state, 'enum', value, { expected }) : found;
  };
  return { check, label: `enum[${name}]`, guard: membersGuard(members) };
}
