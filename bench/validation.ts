import { type TSchema, Type } from '@sinclair/typebox';
import { Ajv, type Options, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { Command } from 'commander';
import { components, definitions as named } from '#schemas/index.js';
import { Ref } from '#schemas/types.js';
import { UserCreate, UserListQuery } from '#schemas/users.js';
import {
  compileBody,
  compileParameters,
  type Definitions,
  type JsonSchema,
  type Validated,
} from '#src/lib/validation/index.js';
import { passwordKeywords } from '#src/people/lib/new-password-keyword.js';
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
    .action(({ rounds }: { rounds: number }) => {
      for (const subject of subjects) {
        for (const kind of ['valid', 'invalid'] as const) compare(subject, kind, rounds);
      }
    });
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
