import { randomInt } from 'node:crypto';
import { dictionary } from '@zxcvbn-ts/language-common';
import t from 'tap';
import { containsName, isCommonPassword } from '#src/people/lib/guessable-passwords.js';
import { generatePassword } from '#src/people/lib/passwords.js';
import { PASSWORD } from '#test/support/app.js';
import { Problems } from '#test/support/problems.js';

const list = (dictionary['passwords-common'] ?? []).slice(0, 10_000);
const capital = (word: string) => word.replace(/\p{L}/u, (letter) => letter.toUpperCase());

t.test('recognizes each of the 10,000 most common passwords in disguise', async (t) => {
  t.equal(list.length, 10_000);
  const problems = new Problems();
  for (const word of list) {
    problems.unless(isCommonPassword(word), word);
    problems.unless(isCommonPassword(word.toUpperCase()), word.toUpperCase());
    // With one or two letters, hardly anything may be added.
    if ((word.match(/\p{L}/gu) ?? []).length < 3) continue;
    const disguises = [
      `${capital(word)}1!`,
      `${capital(word)}2024#`,
      `123${capital(word)}!!`,
      `!!!${word.toUpperCase()}!!!!!!!!!!!!`,
      `${capital(word)}1234567890!`,
      word.replaceAll('a', '@').replaceAll('o', '0').replaceAll('e', '3'),
      `${word.replaceAll('s', '$').replaceAll('i', '1').replaceAll('l', '1')}9`,
      `${[...word].join('-')}-7`,
    ];
    for (const each of disguises) {
      // A new password has letters anyway.
      problems.unless(!/\p{L}/u.test(each) || isCommonPassword(each), each);
    }
  }
  problems.assertNone(t, 'disguises');
});

t.test('recognizes other spellings', async (t) => {
  for (const password of [
    'Password1!',
    'P@ssw0rd1!',
    'Passw0rd!Passw0rd!',
    'Qwerty12!qwerty12!QWERTY12!',
    'P@$$w0rd!',
    'Pa55word#2023',
    '1Password!',
    'Qwerty123!',
    'Welcome1!',
    'LetMeIn99!',
    '!Qaz2wsx',
    'M1che11e!9',
    '$unsh1ne7',
    'Pässwörd1!',
    'Ｐａｓｓｗｏｒｄ１！',
    'Pass word 1!',
  ]) {
    t.ok(isCommonPassword(password), password);
  }
});

t.test('accepts passwords that only resemble common ones', async (t) => {
  for (const password of [
    PASSWORD,
    'Correct-Horse-9',
    'Battery-Staple-8',
    'MyPasswordIsLong7!',
    'Password-Lantern-1',
    '7391-Dragon-8264!',
    'x7#Dragon$92kQ',
    'Love4829105738Love!',
    'Aa1!🙂🙂🙂🙂',
    'Жж٣!жжжж',
    '密码Password1!',
    '',
    '!',
    '1!',
  ]) {
    t.notOk(isCommonPassword(password), password);
  }
});

t.test('accepts random passwords', async (t) => {
  const alphabets = {
    all: Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join(''),
    letters: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_',
    // Only few letters, so that they stand alone or side by side.
    digits: '01234567890123456789012345678901234567890123456789!#$%abcdeXYZ',
  };
  const problems = new Problems();
  for (const alphabet of Object.values(alphabets)) {
    for (const length of [12, 16, 20, 40, 128]) {
      for (let round = 0; round < 500; round += 1) {
        const signs = Array.from({ length }, () => alphabet[randomInt(alphabet.length)]);
        problems.unless(!isCommonPassword(signs.join('')), signs.join(''));
      }
    }
  }
  for (let round = 0; round < 500; round += 1) {
    const password = generatePassword();
    problems.unless(!isCommonPassword(password), password);
    problems.unless(!containsName(password, 'admin'), password);
  }
  problems.assertNone(t, 'random passwords');
});

t.test('finds names in any disguise', async (t) => {
  const cases: [password: string, name: string][] = [
    ['Alice-2024!', 'alice'],
    ['my-ALICE-password7', 'Alice'],
    ['xX-4l1c3-Xx', 'alice'],
    ['John-Doe-1990', 'john_doe'],
    ['JohnDoe!1990', 'john.doe'],
    ['Zoë-Müller-1', 'zoemuller'],
    ['ZoeMuller!1', 'Zoë Müller'],
    ['User-01-Secret', 'user_01'],
    ['alice@example.com-A1', 'alice@example.com'],
    ['bo@example.com-A1', 'bo@example.com'],
    ['我的名字很长-A1', '名字很长'],
    ['Bob12345!', 'bob'],
    ['#1B0b#', 'bob'],
  ];
  for (const [password, name] of cases) t.ok(containsName(password, name), `${name}: ${password}`);
});

t.test('ignores short names within longer words', async (t) => {
  const cases: [password: string, name: string][] = [
    ['Bobsled-Race-7', 'bob'],
    ['NewPass-Lantern-7', 'new'],
    ['Correct-Horse-9', ''],
    ['Correct-Horse-9', '---'],
    ['Correct-Horse-9', 'horses'],
    ['Bob-38192-74650-1', 'bob'],
  ];
  for (const [password, name] of cases) t.notOk(containsName(password, name), name);
});

t.test('takes time in proportion to the length', async (t) => {
  const time = (make: (length: number) => string, length: number) => {
    const text = make(length);
    const durations = Array.from({ length: 9 }, () => {
      const begin = performance.now();
      isCommonPassword(text);
      containsName(text, 'alice');
      return performance.now() - begin;
    });
    return Math.min(...durations);
  };
  const shapes: Record<string, (length: number) => string> = {
    'symbols between letters': (length) => `a${'!'.repeat(length)}a`,
    'symbols around a word': (length) => `${'1!'.repeat(length / 2)}love${'!1'.repeat(length / 2)}`,
    letters: (length) => 'ﷺ'.repeat(length),
    'letters and symbols': (length) => 'a!'.repeat(length),
  };
  for (const [name, make] of Object.entries(shapes)) {
    time(make, 100_000);
    const ratio = time(make, 100_000) / time(make, 1000);
    // Quadratic time would give ten thousand.
    t.ok(ratio < 2000, `${name}: ${ratio.toFixed(0)} times as long for 100 times the length`);
  }
});
