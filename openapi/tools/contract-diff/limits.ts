import { isDeepStrictEqual } from 'node:util';
import { type Schema, valuesOf } from './alternatives.js';

/** Why a value that one schema allows may be refused by the other. */
export interface Objection {
  /** A value that was not listed; clients are told to expect more of them. */
  isNewValue?: boolean;
  /** A limit of size or form, which the type of a client does not show. */
  isLimit?: boolean;
  /** The rule, and what each of the two schemas says of it. */
  rule: string;
  narrow: unknown;
  wide: unknown;
}

const AT_LEAST = ['minLength', 'minItems', 'minProperties'] as const;
const AT_MOST = ['maxLength', 'maxItems', 'maxProperties'] as const;

/** Rules whose change cannot be called wider or narrower by looking at them. */
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

/** A format that only says how to show a value. */
const NO_RULE = new Set(['password', 'textarea', 'binary']);

/** What of `narrow`, a schema of one type, the limits of `wide` do not allow. */
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
  // A list of values is as narrow as its values are, whatever limits are left out beside it.
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
  /** The value itself lies outside. */
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
