import { memberFinder } from './enums.js';
import {
  addFields,
  type Check,
  EXACT,
  FAIL,
  fail,
  isObject,
  lower,
  type Node,
  type Quick,
  under,
} from './node.js';
import { pythonRepr, pythonStr } from './python-repr.js';
import { quickOf } from './quick.js';

/** Compiles a nullable schema. Errors of the inner schema get no label. */
export function nullableNode(node: Node): Node {
  const { check: inner, guard } = node;
  const nullable: Node = {
    check: (value, state) => (value === null ? null : inner(value, state)),
    label: `nullable[${node.label}]`,
  };
  if (guard === undefined) {
    const quick = quickOf(node);
    nullable.quick = (value) => (value === null ? null : quick(value));
  } else {
    nullable.guard = (value, bindings) => `${value} !== null && (${guard(value, bindings)})`;
  }
  return nullable;
}

interface Match {
  value: unknown;
  exactness: number;
  fieldsSet: number | undefined;
}

function isBetter(candidate: Match, best: Match): boolean {
  if (candidate.fieldsSet !== undefined && best.fieldsSet !== undefined) {
    if (candidate.fieldsSet !== best.fieldsSet) return candidate.fieldsSet > best.fieldsSet;
  }
  return candidate.exactness > best.exactness;
}

/**
 * Compiles `anyOf` and `oneOf` as Pydantic's smart union. An exact match wins immediately;
 * otherwise the member with the most declared fields, then the most exact one, then the first. If
 * no member matches, the errors of all are reported, each under the member's label.
 */
export function unionNode(members: readonly Node[]): Node {
  const check: Check = (input, state) => {
    const { exactness, fieldsSet } = state;
    const start = state.errors.length;
    let best: Match | undefined;
    state.openUnions += 1;
    for (const member of members) {
      state.exactness = EXACT;
      state.fieldsSet = undefined;
      const from = state.errors.length;
      const value = member.check(input, state);
      if (value === FAIL) {
        under(state, from, member.label);
        continue;
      }
      const match = { value, exactness: state.exactness, fieldsSet: state.fieldsSet };
      if (best === undefined || isBetter(match, best)) best = match;
      if (match.exactness === EXACT && match.fieldsSet === undefined) {
        best = match;
        break;
      }
    }
    state.openUnions -= 1;
    state.exactness = exactness;
    state.fieldsSet = fieldsSet;
    if (best === undefined) return FAIL;
    state.errors.length = start;
    lower(state, best.exactness);
    addFields(state, best.fieldsSet);
    return best.value;
  };
  return { check, label: `union[${members.map((member) => member.label).join(',')}]` };
}

/** A member of a discriminated union, and a tag that selects it. */
export interface TaggedMember {
  tag: unknown;
  node: Node;
}

/** Compiles a union with a `discriminator`; only the member selected by the tag is tried. */
export function taggedUnionNode(property: string, members: readonly TaggedMember[]): Node {
  const byTag = new Map(members.map((member) => [member.tag, member.node]));
  const find = memberFinder([...byTag.keys()]);
  const discriminator = pythonRepr(property);
  const expected = members.map((member) => pythonRepr(member.tag)).join(', ');
  const check: Check = (input, state) => {
    if (!isObject(input)) return fail(state, 'model_attributes_type', input);
    const tag = Object.hasOwn(input, property) ? input[property] : undefined;
    if (tag === undefined) return fail(state, 'union_tag_not_found', input, { discriminator });
    const known = find(tag);
    const node = byTag.get(known);
    if (node === undefined) {
      return fail(state, 'union_tag_invalid', input, {
        discriminator,
        tag: pythonStr(tag),
        expected_tags: expected,
      });
    }
    const from = state.errors.length;
    const value = node.check(input, state);
    if (value === FAIL) under(state, from, typeof known === 'number' ? known : pythonStr(known));
    return value;
  };
  const quicks = new Map(members.map((member) => [member.tag, quickOf(member.node)]));
  const quick: Quick = (input) => {
    if (!isObject(input)) return FAIL;
    return quicks.get(input[property])?.(input) ?? FAIL;
  };
  const labels = [...new Set(members.map((member) => member.node.label))];
  return { check, label: `tagged-union[${labels.join(',')}]`, quick };
}
