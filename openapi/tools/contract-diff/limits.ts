import { isDeepStrictEqual } from 'node:util';
import { type Schema, valuesOf } from './alternatives.js';

/** A reason why a value that one schema allows may be rejected by the other. */
export interface Objection {
  /** The value is a new enum member; clients are told to expect new members. */
  isNewValue?: boolean;
  /** The rule limits size or format, which a client's types do not show. */
  isLimit?: boolean;
  /** The rule, and its value in each of the two schemas. */
  rule: string;
  narrow: unknown;
  wide: unknown;
}

const AT_LEAST = ['minLength', 'minItems', 'minProperties'] as const;
const AT_MOST = ['maxLength', 'maxItems', 'maxProperties'] as const;

/** Keywords whose changes cannot be classified as wider or narrower. */
const OPAQUE = [
  'not',
  'if',
  'then',
  'else',
  'contains',
  'patternProperties',
  'propertyNames',
  'prefixItems',
  'dependentRequired',
  'dependentSchemas',
] as const;

/** Formats that only affect how a value is shown. */
const NO_RULE = new Set(['password', 'textarea', 'binary']);

/** Returns the limits of `wide` that a value of `narrow`, a schema of one type, may violate. */
export function objections(narrow: Schema, wide: Schema): Objection[] {
  return [
    ...valueObjections(narrow, wide),
    ...boundObjections(narrow, wide),
    ...formObjections(narrow, wide),
  ];
}

function valueObjections(narrow: Schema, wide: Schema): Objection[] {
  const allowed = valuesOf(wide);
  if (allowed === undefined) return [];
  const listed = valuesOf(narrow);
  if (listed === undefined)
    return [{ rule: 'the list of values', narrow: undefined, wide: allowed }];
  return listed
    .filter((value) => !allowed.some((each) => isDeepStrictEqual(each, value)))
    .map((value) => ({ isNewValue: true, rule: 'a value', narrow: value, wide: undefined }));
}

function boundObjections(narrow: Schema, wide: Schema): Objection[] {
  // An enum is as narrow as its values, even if the limits beside it are dropped.
  if (valuesOf(narrow) !== undefined) return [];
  const found: Objection[] = [];
  function object(keyword: string): void {
    found.push(limit(keyword, narrow, wide));
  }
  for (const keyword of AT_LEAST) {
    if (numberAt(narrow, keyword, 0) < numberAt(wide, keyword, 0)) object(keyword);
  }
  for (const keyword of AT_MOST) {
    if (numberAt(narrow, keyword, Infinity) > numberAt(wide, keyword, Infinity)) object(keyword);
  }
  const [low, wideLow] = [lowest(narrow), lowest(wide)];
  if (low.value < wideLow.value || (low.value === wideLow.value && wideLow.open && !low.open)) {
    object(wideLow.keyword);
  }
  const [high, wideHigh] = [highest(narrow), highest(wide)];
  if (
    high.value > wideHigh.value ||
    (high.value === wideHigh.value && wideHigh.open && !high.open)
  ) {
    object(wideHigh.keyword);
  }
  return found;
}

interface Bound {
  keyword: string;
  value: number;
  /** Whether the bound itself is excluded. */
  open: boolean;
}

function lowest(schema: Schema): Bound {
  const closed = { keyword: 'minimum', value: numberAt(schema, 'minimum', -Infinity), open: false };
  const value = numberAt(schema, 'exclusiveMinimum', -Infinity);
  if (schema.type === 'integer' && value >= closed.value) return { ...closed, value: value + 1 };
  return value >= closed.value && value > -Infinity
    ? { keyword: 'exclusiveMinimum', value, open: true }
    : closed;
}

function highest(schema: Schema): Bound {
  const closed = { keyword: 'maximum', value: numberAt(schema, 'maximum', Infinity), open: false };
  const value = numberAt(schema, 'exclusiveMaximum', Infinity);
  if (schema.type === 'integer' && value <= closed.value) return { ...closed, value: value - 1 };
  return value <= closed.value && value < Infinity
    ? { keyword: 'exclusiveMaximum', value, open: true }
    : closed;
}

function formObjections(narrow: Schema, wide: Schema): Objection[] {
  const found: Objection[] = [];
  const isListed = valuesOf(narrow) !== undefined;
  const format = typeof wide['format'] === 'string' ? wide['format'] : undefined;
  if (format !== undefined && !NO_RULE.has(format) && format !== narrow['format'] && !isListed) {
    found.push({ rule: '`format`', narrow: narrow['format'], wide: format });
  }
  for (const keyword of ['pattern', 'multipleOf'] as const) {
    const rule = wide[keyword];
    if (rule === undefined || rule === narrow[keyword] || isListed) continue;
    found.push(limit(keyword, narrow, wide));
  }
  if (wide['uniqueItems'] === true && narrow['uniqueItems'] !== true) {
    found.push(limit('uniqueItems', narrow, wide));
  }
  for (const keyword of OPAQUE) {
    if (isDeepStrictEqual(narrow[keyword], wide[keyword])) continue;
    found.push(limit(keyword, narrow, wide));
  }
  return found;
}

function limit(keyword: string, narrow: Schema, wide: Schema): Objection {
  return { isLimit: true, rule: `\`${keyword}\``, narrow: narrow[keyword], wide: wide[keyword] };
}

function numberAt(schema: Schema, keyword: string, missing: number): number {
  const value = schema[keyword];
  return typeof value === 'number' ? value : missing;
}
