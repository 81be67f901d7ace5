import { Type } from '@sinclair/typebox';
import t from 'tap';
import { NewPassword, PASSWORD_SPECIALS } from '#schemas/passwords.js';
import { Nullable } from '#schemas/types.js';
import { translateMessage } from '#src/lib/messages/index.js';
import { REDACTED } from '#src/lib/redact.js';
import {
  compileBody,
  compileSchema,
  largestBody,
  type Validated,
} from '#src/lib/validation/index.js';
import { passwordKeywords } from '#src/people/lib/new-password-keyword.js';
import { brokenPasswordRules } from '#src/people/lib/password-policy.js';

const GOOD = 'Correct-Horse-9';
const schema = Type.Object({
  password: NewPassword('The password'),
  other: Type.Optional(Nullable(NewPassword('Another one'))),
});
const validate = compileBody({ schema, keywords: passwordKeywords });
const check = (password: unknown) => validate({ kind: 'json', value: { password } });
const errorsOf = (result: Validated) => ('errors' in result ? result.errors : []);
const typesOf = (password: unknown) => errorsOf(check(password)).map(({ type }) => type);

t.test('accepts a valid password unchanged', async (t) => {
  for (const password of [GOOD, `Aa1!${'x'.repeat(124)}`, 'Ää1 !xyz', 'Жж٣!жжжж', 'Aa1!🙂🙂🙂🙂']) {
    t.strictSame(check(password), { value: { password } }, password);
  }
  for (const special of PASSWORD_SPECIALS) t.strictSame(typesOf(`Vx4mbol${special}`), [], special);
});

t.test('reports each broken rule as its own error at the same location', async (t) => {
  const cases: [unknown, string[]][] = [
    ['Aa1!xyz', ['password_too_short']],
    ['Aa1!🙂🙂🙂', ['password_too_short']],
    [`Aa1!${'x'.repeat(125)}`, ['password_too_long']],
    ['vx4mbol!', ['password_no_upper']],
    ['VX4MBOL!', ['password_no_lower']],
    ['Vxambols!', ['password_no_digit']],
    ['Vx4mbols', ['password_no_special']],
    ['Vx4mbols~', ['password_no_special']],
    ['Vx4mbols\\', ['password_no_special']],
    ['Password1!', ['password_too_common']],
    [
      'password',
      ['password_no_upper', 'password_no_digit', 'password_no_special', 'password_too_common'],
    ],
    ['ä', ['password_too_short', 'password_no_upper', 'password_no_digit', 'password_no_special']],
    [
      '',
      [
        'password_empty',
        'password_too_short',
        'password_no_upper',
        'password_no_lower',
        'password_no_digit',
        'password_no_special',
      ],
    ],
  ];
  for (const [password, types] of cases) {
    t.strictSame(typesOf(password), types, String(password));
    for (const { loc } of errorsOf(check(password))) t.strictSame(loc, ['body', 'password']);
  }
});

t.test('never repeats the password', async (t) => {
  for (const password of ['secret', 12_345_678, ['hunter2'], { a: 'hunter2' }, null, true]) {
    for (const { input, ctx } of errorsOf(check(password))) {
      t.equal(input, REDACTED);
      t.notMatch(JSON.stringify(ctx ?? {}), /secret|hunter2/);
    }
    t.ok(errorsOf(check(password)).length > 0, JSON.stringify(password));
  }
  t.strictSame(typesOf(12_345_678), ['string_type']);
});

t.test('translates the messages', async (t) => {
  const problems = [...errorsOf(check('')), ...errorsOf(check(`Aa1!${'x'.repeat(125)}`))];
  t.strictSame(
    problems.map((item) => translateMessage('zh', item)),
    [
      '密码不能为空',
      '密码长度不能少于8个字符',
      '密码必须包含大写字母',
      '密码必须包含小写字母',
      '密码必须包含数字',
      '密码必须包含特殊字符',
      '密码长度不能超过128个字符',
    ],
  );
  t.equal(problems[1]?.msg, 'Password should have at least 8 characters');
  t.strictSame(problems[1]?.ctx, { min_length: 8 });
});

t.test('agrees with the rules on the quick path, for nullable values and in unions', async (t) => {
  t.strictSame(validate({ kind: 'json', value: { password: GOOD, other: null } }), {
    value: { password: GOOD, other: null },
  });
  const both = validate({ kind: 'json', value: { password: 'x', other: 'Vx4mbols' } });
  t.equal(errorsOf(both).filter(({ loc }) => loc[1] === 'password').length, 4);
  t.strictSame(
    errorsOf(both)
      .filter(({ loc }) => loc[1] === 'other')
      .map(({ type }) => type),
    ['password_no_special'],
  );
  const list = compileSchema(Type.Array(NewPassword('Each')), { keywords: passwordKeywords });
  t.strictSame(list([GOOD, GOOD]), { value: [GOOD, GOOD] });
  t.strictSame(
    errorsOf(list([GOOD, 'Vx4mbols'])).map(({ loc }) => loc),
    [[1]],
  );
});

t.test('keeps schema and rules consistent', async (t) => {
  const short = { ...NewPassword('Short'), minLength: 4 };
  t.throws(() => compileSchema(short, { keywords: passwordKeywords }), /PASSWORD_LENGTH/);
  t.ok(largestBody(NewPassword('The password'), {}) < 300 * 1024, 'limits the length');
  t.strictSame(compileSchema({ type: 'string', format: 'password' })('x'), { value: 'x' });
  t.strictSame(brokenPasswordRules(GOOD), []);
});

t.test('refuses to compile a keyword that is not registered', async (t) => {
  const password = NewPassword('The password');
  t.throws(() => compileSchema(password), /x-password-policy is not registered/);
  const misspelt = { ...password, 'x-pasword-policy': true, 'x-password-policy': false };
  t.throws(
    () => compileSchema(misspelt, { keywords: passwordKeywords }),
    /x-pasword-policy is not registered/,
  );
  const both = { ...password, 'x-other': true };
  const keywords = { ...passwordKeywords, 'x-other': () => () => [] };
  t.throws(() => compileSchema(both, { keywords }), /exclude each other/);
});
