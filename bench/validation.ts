import { type TSchema, Type } from '@sinclair/typebox';
import { Ajv, type Options, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { Command } from 'commander';
import { buildApp } from '#app/app.js';
import { parseConfig } from '#app/config.js';
import { components, definitions as named } from '#schemas/index.js';
import { Ref } from '#schemas/types.js';
import { UserCreate, UserListQuery } from '#schemas/users.js';
import {
  type BodyMode,
  compileBody,
  compileParameters,
  type Definitions,
  type JsonSchema,
  type ParsedBody,
  type Validated,
} from '#src/lib/validation/index.js';
import { passwordKeywords } from '#src/people/lib/new-password-keyword.js';
import { withWrongFields } from './bodies.js';
import { sideBySide } from './side-by-side.js';

/** A schema with valid and invalid input. */
interface Subject {
  name: string;
  schema: TSchema;
  ours: (value: unknown) => Validated;
  /**
   * Whether strings are converted. Ajv then modifies its input, so both validators get a copy per
   * call.
   */
  converts: boolean;
  valid: unknown;
  invalid: unknown;
}

const definitions = named as Definitions;

const user = {
  username: 'john',
  email: 'john@example.com',
  nickname: 'John',
  bio: 'A few words about John, as people write them about themselves.',
  avatar_url: 'https://example.com/john.png',
  age: 30,
  tags: ['staff', 'beta'],
  address: { street: 'Main St 123', city: 'Shenzhen', zipcode: '518000' },
  role: 'author',
  is_active: true,
};
const wrongUser = { ...user, username: '1', email: 'nobody', age: 200, tags: ['', 7], role: 'x' };
const hundred = (value: unknown) => Array.from({ length: 100 }, () => value);
const list = Type.Array(Ref(UserCreate), { maxItems: 1000 });

const subjects: Subject[] = [
  {
    name: 'a user',
    schema: UserCreate,
    ours: bodyValidator(UserCreate),
    converts: false,
    valid: user,
    invalid: wrongUser,
  },
  {
    name: '100 users',
    schema: list,
    ours: bodyValidator(list),
    converts: false,
    valid: hundred(user),
    invalid: hundred(wrongUser),
  },
  {
    name: 'the query of a list',
    schema: UserListQuery,
    ours: queryValidator(UserListQuery),
    converts: true,
    valid: { q: 'jo', page: '2', size: '50', sort: '-created_at' },
    invalid: { q: 'jo', page: '0', size: 'many', sort: 'age' },
  },
];

/**
 * `validation`: compares the cost of the compiled validator with Ajv, on the same schemas and
 * input.
 */
export function benchValidation(): Command {
  return new Command('validation')
    .description('the compiled validator against plain Ajv; prints medians and ratios')
    .option('--rounds <n>', 'turns of each', Number, 25)
    .option('--only <text>', 'bodies whose operation contains this; nothing else', '')
    .action(async ({ rounds, only }: { rounds: number; only: string }) => {
      if (only === '') {
        for (const subject of subjects) {
          for (const kind of ['valid', 'invalid'] as const) compare(subject, kind, rounds);
        }
      }
      for (const body of await bodiesOfService()) {
        if (body.name.includes(only)) compareBody(body, rounds);
      }
    });
}

/** The body of an operation as the contract describes it. */
interface Body {
  name: string;
  schema: JsonSchema;
  mode: BodyMode;
  example: unknown;
}

type Content = Record<string, { schema: JsonSchema; example?: unknown }>;

interface Operation {
  requestBody?: { content: Content };
}

/** Returns the body of every operation, and that of a large bulk request. */
async function bodiesOfService(): Promise<Body[]> {
  // The pool connects on demand only, so no database is needed.
  const app = await buildApp(parseConfig({ LOG_LEVEL: 'silent' }), {
    databaseUrl: 'postgresql://localhost/none',
    secretKey: 'a secret key for measurements only',
    tokenSecrets: ['a token secret for measurements only'],
  });
  await app.ready();
  const paths = app.swagger().paths as Record<string, Record<string, Operation>>;
  await app.close();
  const bodies = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { requestBody }]) =>
      bodiesOf(`${method.toUpperCase()} ${path}`, requestBody?.content ?? {}),
    ),
  );
  const bulk = Array.from({ length: 1000 }, () => user);
  return [
    ...bodies,
    { name: '1,000 users', schema: list as JsonSchema, mode: 'model', example: bulk },
  ];
}

function bodiesOf(name: string, content: Content): Body[] {
  const types = Object.entries(content);
  // An operation that takes any body only documents some.
  if (types.length > 1) return [{ name, schema: {}, mode: 'model', example: undefined }];
  const [type, only] = types[0] ?? [];
  if (type === undefined || only === undefined) return [];
  const schema = withoutComponentPaths(only.schema);
  const mode = type === 'application/x-www-form-urlencoded' ? 'form' : 'model';
  return [{ name, schema, mode, example: only.example ?? firstExample(schema) }];
}

/** Returns the schema with references as routes write them, which Ajv finds too. */
function withoutComponentPaths(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"'));
}

function firstExample(schema: JsonSchema): unknown {
  const { $ref } = schema;
  const { examples = [] } = ($ref === undefined ? schema : definitions[$ref]) as {
    examples?: readonly unknown[];
  };
  return examples[0];
}

/**
 * Returns a function that returns one of several values at each call. With a single one, the
 * compiler moves the whole validation of a small body out of the loop.
 */
function alternating<T>(make: () => T): () => T {
  const values = Array.from({ length: 16 }, make);
  let calls = 0;
  return () => {
    calls += 1;
    return values[calls % values.length] as T;
  };
}

/** Returns the fields of a form, as texts. */
function asFields(value: unknown): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null);
  for (const [name, item] of Object.entries(value as object)) {
    fields[name] = Array.isArray(item) || typeof item === 'object' ? item : String(item);
  }
  return fields;
}

/** Compares a valid body with Ajv, and with the same body with wrong fields; or says why not. */
function compareBody({ name, schema, mode, example }: Body, rounds: number): void {
  const validate = compileBody({ schema, mode, definitions, keywords: passwordKeywords });
  const wrap = (value: unknown): ParsedBody =>
    mode === 'model' ? { kind: 'json', value } : { kind: 'form', fields: asFields(value) };
  const isValid = (value: unknown) => 'value' in validate(wrap(value));
  const ajv = compileAjv(schema as TSchema, { coerceTypes: mode !== 'model' });
  if (example === undefined || !isValid(example) || !ajv(example)) {
    console.log(`${name}: left out, takes any body or has no example that is valid to both`);
    return;
  }
  const wrong = withWrongFields(example, isValid);
  const result = validate(wrap(wrong));
  const errors = 'errors' in result ? result.errors.length : 0;
  const isForm = mode !== 'model';
  const validBodies = alternating(() => wrap(structuredClone(example)));
  const invalidBodies = alternating(() => wrap(structuredClone(wrong)));
  const values = alternating(() => structuredClone(example));
  const times = sideBySide(
    {
      // Ajv converts in place, so each call needs a form of its own.
      ours: isForm ? () => validate(wrap(values())) : () => validate(validBodies()),
      ajv: isForm ? () => ajv(asFields(values())) : () => ajv(values()),
      invalid: () => validate(invalidBodies()),
    },
    rounds,
  ) as { ours: number; ajv: number; invalid: number };
  console.log(
    `${name}: ${(times.ajv / times.ours).toFixed(2)} of Ajv's speed; ` +
      `${errors} errors take ${(times.invalid / times.ours).toFixed(1)} times as long as none ` +
      `(${times.ours.toFixed(2)}, ${times.ajv.toFixed(2)}, ${times.invalid.toFixed(2)} µs)`,
  );
}

function compare(subject: Subject, kind: 'valid' | 'invalid', rounds: number): void {
  const { name, schema, ours, converts } = subject;
  const input = subject[kind];
  // Ajv converts in place, so each call needs a new object; without a prototype, like Fastify's.
  const copy = () => (converts ? Object.assign(Object.create(null), input) : input);
  const first = compileAjv(schema, { coerceTypes: converts });
  const all = compileAjv(schema, { coerceTypes: converts, allErrors: true });
  const isValid = kind === 'valid';
  if ('value' in ours(copy()) !== isValid || first(copy()) !== isValid) {
    throw new Error(`The ${kind} input for ${name} is not ${kind}`);
  }
  const times = sideBySide(
    { ours: () => ours(copy()), first: () => first(copy()), all: () => all(copy()) },
    rounds,
  );
  const { ours: own = 0, first: ajv = 0, all: ajvAll = 0 } = times;
  console.log(
    `${name}, ${kind}: ${own.toFixed(2)} µs; Ajv ${ajv.toFixed(2)} µs (${(own / ajv).toFixed(2)} times); ` +
      `Ajv with allErrors ${ajvAll.toFixed(2)} µs (${(own / ajvAll).toFixed(2)} times)`,
  );
}

function compileAjv(schema: TSchema, options: Options): ValidateFunction {
  const ajv = new Ajv({ strict: false, ...options });
  addFormats.default(ajv);
  const policy = passwordKeywords['x-password-policy'];
  ajv.addKeyword({
    keyword: 'x-password-policy',
    type: 'string',
    compile: (_value, schema) => {
      const violationsOf = policy?.(schema as JsonSchema);
      return (text: string) => violationsOf?.(text).length === 0;
    },
  });
  for (const component of components) ajv.addSchema(component);
  const { $id } = schema;
  return $id === undefined ? ajv.compile(schema) : (ajv.getSchema($id) as ValidateFunction);
}

function bodyValidator(schema: TSchema): (value: unknown) => Validated {
  const validate = compileBody({
    schema: schema as JsonSchema,
    definitions,
    keywords: passwordKeywords,
  });
  return (value) => validate({ kind: 'json', value });
}

function queryValidator(schema: TSchema): (value: unknown) => Validated {
  const validate = compileParameters(schema as JsonSchema, { place: 'query', definitions });
  return (value) => validate(value as Record<string, unknown>);
}
