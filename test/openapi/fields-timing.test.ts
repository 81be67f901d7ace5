import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import {
  compileParameters,
  compileSchema,
  type Definitions,
  type JsonSchema,
  largestBody,
  type ParameterPlace,
  parseJson,
} from '#src/lib/validation/index.js';
import { passwordKeywords } from '#src/people/lib/new-password-keyword.js';
import { contract, resolve } from '#test/support/contract.js';
import { operationsOf } from '#test/support/generate-request.js';
import { findGrowth } from '#test/support/growth.js';
import { hostileTexts, hostileValues } from '#test/support/hostile-texts.js';

/** Node's limit of all headers, which the service keeps; the URL is one of them. */
const MAX_HEADERS = 16 * 1024;

/**
 * Maximum length of a text of a body, if its limits allow more. Here a quadratic step of a
 * nanosecond adds up to a second.
 */
const MAX_TEXT = 32 * 1024;

/** Keywords that do not change how a text is read, or only for which value it is rejected. */
const IRRELEVANT = new Set([
  ...['description', 'title', 'examples', 'example', 'default', 'deprecated', 'required'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'properties', 'enum'],
]);

const definitions = (contract.components?.schemas ?? {}) as Definitions;
const keywords = passwordKeywords;

/** A value of the contract that a client sends, and how it is validated. */
interface Field {
  place: string;
  name: string;
  schema: JsonSchema;
  /** Maximum length of a text in UTF-16 units. */
  longest: number;
  validate: (value: unknown) => unknown;
}

const fields = new Map<string, Field>();
const visited = new Set<JsonSchema>();
const operations = operationsOf(contract);

for (const { id, operation } of operations) {
  for (const given of operation.parameters ?? []) {
    const { name, in: place, schema } = resolve<OpenAPIV3_1.ParameterObject>(given);
    addParameter(`${id} ${name}`, place as ParameterPlace, name, schema as JsonSchema);
  }
  for (const body of bodiesOf(operation)) {
    const longest = Math.min(largestBody(body, definitions), MAX_TEXT);
    addFields(`${id} body`, body, longest);
  }
}

/** Formats that the contract does not use, or not in bodies. */
const FORMATS: JsonSchema[] = [
  ...['date-time', 'date', 'time', 'duration', 'email', 'uri', 'uuid', 'uuid4', 'ipv4', 'ipv6'],
  ...['ipvanyaddress', 'byte', 'password'],
].map((format) => ({ type: 'string', format }));
const DECIMAL: JsonSchema = {
  anyOf: [{ type: 'number' }, { type: 'string', pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$' }],
};
// Not the members of the decimal: the validator recognizes their union and never runs the pattern.
for (const schema of [...FORMATS, DECIMAL]) {
  const validate = compileSchema(schema, { definitions, keywords });
  add({ place: 'body', name: JSON.stringify(schema), schema, longest: MAX_TEXT, validate });
}

function bodiesOf({ requestBody }: OpenAPIV3_1.OperationObject): JsonSchema[] {
  if (requestBody === undefined) return [];
  const { content } = resolve<OpenAPIV3_1.RequestBodyObject>(requestBody);
  return Object.values(content).map(({ schema }) => schema as JsonSchema);
}

function addParameter(name: string, place: ParameterPlace, key: string, schema: JsonSchema): void {
  const group: JsonSchema = { type: 'object', properties: { [key]: schema } };
  const validate = compileParameters(group, { definitions, keywords, place });
  const longest = MAX_HEADERS;
  add({ place, name, schema, longest, validate: (text) => validate({ [key]: text as string }) });
}

/** Adds a schema of a body and all schemas within. */
function addFields(name: string, given: JsonSchema, longest: number): void {
  const schema = given.$ref === undefined ? given : (resolve(given) as JsonSchema);
  const validate = compileSchema(schema, { definitions, keywords });
  add({ place: 'body', name, schema, longest, validate });
  if (visited.has(schema)) return;
  visited.add(schema);
  const { properties = {}, anyOf = [], oneOf = [], allOf = [], items } = schema;
  for (const [key, property] of Object.entries(properties)) {
    addFields(`${name}.${key}`, property, longest);
  }
  for (const part of [...anyOf, ...oneOf, ...allOf]) addFields(name, part, longest);
  if (typeof items === 'object') addFields(`${name}[]`, items as JsonSchema, longest);
}

/** Adds a field, unless there is one that is read in the same way. */
function add(field: Field): void {
  const rules = Object.entries(field.schema).map(([keyword, value]) =>
    IRRELEVANT.has(keyword) ? keyword : [keyword, value],
  );
  const key = JSON.stringify([field.place, rules]);
  if (!fields.has(key)) fields.set(key, field);
}

/** Whether parsing the value means more than looking at its characters. */
function isParsed({ type, format = 'password', pattern }: JsonSchema): boolean {
  const isNumber = type === 'integer' || type === 'number';
  return isNumber || format !== 'password' || pattern !== undefined;
}

/** Returns the maximum length of a valid text if it is shorter, but long enough to be slow. */
function longestValid({ maxLength = 0 }: JsonSchema, longest: number): number[] {
  return maxLength >= 1000 && maxLength < longest ? [maxLength] : [];
}

t.test('validates every field in linear time', async (t) => {
  t.ok(visited.size > 100, `${visited.size} schemas`);
  t.comment(`${fields.size} fields are read differently`);
  const texts = hostileTexts();
  const values = hostileValues();
  const slow: string[] = [];
  for (const { name, schema, longest, validate } of fields.values()) {
    const lengths = [longest, ...longestValid(schema, longest)];
    for (const hostile of isParsed(schema) ? [...texts, ...values] : texts) {
      for (const length of lengths) {
        const growth = await findGrowth(validate, hostile.textOf, length);
        if (growth !== null) slow.push(`${name} for ${hostile.name}: ${growth}`);
      }
    }
  }
  t.same(slow, []);
});

/** Bodies of a hostile structure, with a size in bytes. */
const STRUCTURES: Record<string, (size: number) => unknown> = {
  'a list of numbers': (size) => Array.from({ length: size / 8 }, (_, index) => index),
  'a list of equal texts': (size) => new Array(Math.ceil(size / 4)).fill('a'),
  'a list of lists': (size) => new Array(Math.ceil(size / 4)).fill([]),
  'a list of objects': (size) =>
    Array.from({ length: size / 16 }, (_, index) => ({ a: index, b: { a: index } })),
  'an object of many fields': (size) =>
    Object.fromEntries(Array.from({ length: size / 16 }, (_, index) => [`name-${index}`, 'a'])),
  'nested lists': () => JSON.parse('['.repeat(900) + ']'.repeat(900)),
  'nested objects': () => JSON.parse(`${'{"a":'.repeat(900)}1${'}'.repeat(900)}`),
};

t.test('validates every schema in linear time, whatever the structure of the value', async (t) => {
  const slow: string[] = [];
  const bodies = [...fields.values()].filter(({ place }) => place === 'body');
  for (const [structure, build] of Object.entries(STRUCTURES)) {
    const values = new Map<number, unknown>();
    const cachedValue = (size: number) => {
      const value = values.get(size) ?? build(size);
      values.set(size, value);
      return value;
    };
    for (const { name, longest, validate } of bodies) {
      const growth = await findGrowth(validate, cachedValue, longest);
      if (growth !== null) slow.push(`${name} for ${structure}: ${growth}`);
    }
  }
  t.same(slow, []);
});

t.test('parses JSON in linear time', async (t) => {
  const slow: string[] = [];
  for (const start of ['', '"', '[', '{"a":"', '{"', '[1,{"a":[', '-']) {
    for (const { name, textOf } of hostileTexts()) {
      const growth = await findGrowth(parseJson, (length) => start + textOf(length), MAX_TEXT);
      if (growth !== null) slow.push(`${start} and ${name}: ${growth}`);
    }
  }
  t.same(slow, []);
});
