import { type Check, FAIL, fail, LAX, lower, type Node, newState } from './node.js';
import { integerNode, numberNode } from './numbers.js';
import { expectedOneOf, pythonRepr } from './python-repr.js';
import type { Guard } from './quick.js';
import type { JsonSchema } from './schema.js';

/**
 * Finds the member Python calls equal to a value: 1, 1.0 and True are one value there, but a
 * member of the very same type is preferred.
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

/** Up to this many members are compared one by one in generated code. */
const FEW = 8;

function membersGuard(members: readonly unknown[]): Guard {
  return (value, bindings) => {
    if (members.length > FEW) return `!${bindings.bind(new Set(members))}.has(${value})`;
    const conditions = members.map((member) => `${value} !== ${bindings.bind(member)}`);
    return `(${conditions.join(' && ')})`;
  };
}

/** Compiles `const` and an anonymous `enum`: Pydantic's `Literal`, exact and without conversion. */
export function literalNode(members: readonly unknown[]): Node {
  const find = memberFinder(members);
  const expected = expectedOneOf(members);
  const check: Check = (value, state) => {
    const found = find(value);
    return found === FAIL ? fail(state, 'literal_error', value, { expected }) : found;
  };
  return {
    check,
    label: `literal[${members.map(pythonRepr).join(',')}]`,
    guard: membersGuard(members),
  };
}

/** Compiles a named `enum`: Pydantic's `Enum` class, which converts numbers given as text. */
export function enumNode(schema: JsonSchema, members: readonly unknown[], name: string): Node {
  const find = memberFinder(members);
  const expected = expectedOneOf(members);
  const convert =
    schema.type === 'integer'
      ? integerNode({}).check
      : schema.type === 'number'
        ? numberNode({}).check
        : undefined;
  const check: Check = (value, state) => {
    lower(state, LAX);
    let found = FAIL as unknown;
    if (convert === undefined) found = find(value);
    else {
      const converted = convert(value, newState());
      if (converted !== FAIL) found = find(converted);
    }
    return found === FAIL ? fail(state, 'enum', value, { expected }) : found;
  };
  return { check, label: `enum[${name}]`, guard: membersGuard(members) };
}
