import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from '#src/lib/project-root.js';
import { normalizeAddress } from '#src/lib/validation/email-syntax.js';
import { emailDomain, parseEmail } from '#src/lib/validation/emails.js';
import { compileSchema, type JsonSchema } from '#src/lib/validation/index.js';
import { isPlainEmail } from '#src/lib/validation/plain-email.js';
import { characterName, isSpace } from '#src/lib/validation/unicode.js';

interface Case {
  text: string;
  address?: string;
  reason?: string;
}

/** Answers of pydantic 2.14.4 with email-validator 2.4.0 and idna 3.20. */
const cases: Case[] = JSON.parse(
  readFileSync(join(projectRoot, 'test/fixtures/emails.json'), 'utf8'),
);

t.test('answers like email-validator', async (t) => {
  t.ok(cases.length > 500);
  const wrong = cases.filter(({ text, ...expected }) => {
    const found: Omit<Case, 'text'> = parseEmail(text);
    return found.address !== expected.address || found.reason !== expected.reason;
  });
  t.strictSame(
    wrong.map(({ text, ...expected }) => ({ text, expected, found: parseEmail(text) })),
    [],
  );
});

t.test('takes only what the full parser would not change for plain', async (t) => {
  const parts = ['a', 'B', '9', '.', '-', '+', '@', 'info', 'example', 'com', 'test', 'xn--', 'é'];
  let plain = 0;
  for (let seed = 1; seed <= 20_000; seed += 1) {
    // A linear congruential generator, so that the test is the same each time.
    let random = seed;
    let text = 'a@b.c';
    for (let count = 0; count < 3; count += 1) {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      const at = Math.floor((random / 2_147_483_648) * (text.length + 1));
      const part = parts[Math.floor(random / 65_536) % parts.length];
      text = `${text.slice(0, at)}${part}${text.slice(at)}`;
    }
    if (!isPlainEmail(text)) continue;
    plain += 1;
    if (normalizeAddress(text) !== text) t.fail(text);
  }
  t.ok(plain > 1000, `${plain} texts are plain`);
  for (const text of ['a@b.test', 'info@b.com', 'WWW@b.com', 'a@b', 'a@b.c1', 'a.@b.c', 'a@b..c']) {
    t.notOk(isPlainEmail(text), text);
  }
  for (const text of ['a@b.com', 'infos@b.com', "o'neil+tag@mail.b-c.co.uk", 'a@b.info']) {
    t.ok(isPlainEmail(text), text);
  }
});

t.test('normalizes to a form that stays as it is', async (t) => {
  for (const { address } of cases) {
    if (address === undefined) continue;
    t.strictSame(parseEmail(address), { address }, JSON.stringify(address));
    const domain = address.slice(address.lastIndexOf('@') + 1);
    t.equal(emailDomain(domain), domain);
  }
});

t.test('limits the length of the normalized address', async (t) => {
  const limits: JsonSchema = { type: 'string', format: 'email', minLength: 8, maxLength: 12 };
  const check = compileSchema(limits);
  t.match(check('ab@cd.de'), { value: 'ab@cd.de' });
  t.match(check('abcdef@cd.de'), { value: 'abcdef@cd.de' });
  t.match(check('Ada Lovelace <ab@cd.de>'), { value: 'ab@cd.de' });
  t.match(check('a@xn--bcher-kva.ch'), { value: 'a@bücher.ch' });
  t.strictSame(check('abcdefg@cd.de'), {
    errors: [
      {
        type: 'too_long',
        loc: [],
        msg: 'Value should have at most 12 items after validation, not 13',
        input: 'abcdefg@cd.de',
        ctx: { field_type: 'Value', max_length: 12, actual_length: 13 },
      },
    ],
  });
  t.strictSame(check('Ada <a@cd.de>'), {
    errors: [
      {
        type: 'too_short',
        loc: [],
        msg: 'Value should have at least 8 items after validation, not 7',
        input: 'Ada <a@cd.de>',
        ctx: { field_type: 'Value', min_length: 8, actual_length: 7 },
      },
    ],
  });
});

t.test('knows the names of characters that cannot be seen', async (t) => {
  t.equal(characterName(' '), 'SPACE');
  t.equal(characterName('\u200b'), 'ZERO WIDTH SPACE');
  t.equal(characterName('\u202e'), 'RIGHT-TO-LEFT OVERRIDE');
  t.equal(characterName('\u0301'), 'COMBINING ACUTE ACCENT');
  t.equal(characterName('\u{e0041}'), 'TAG LATIN CAPITAL LETTER A');
  t.equal(characterName('\u{e01ef}'), 'VARIATION SELECTOR-256');
  t.equal(characterName('\n'), undefined);
  t.equal(characterName('a'), undefined);
});

t.test('counts as white space what Python does', async (t) => {
  for (const char of ['\t', '\x1c', '\x1f', '\x85', '\xa0', '\u2028', '\u3000']) {
    t.ok(isSpace(char), `U+${char.charCodeAt(0).toString(16)}`);
  }
  for (const char of ['', 'a', '\ufeff', '\u200b', '\u180e']) {
    t.notOk(isSpace(char), `U+${char.charCodeAt(0).toString(16)}`);
  }
});
