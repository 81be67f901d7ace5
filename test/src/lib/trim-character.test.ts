import t from 'tap';
import { trimCharacter, trimEndCharacter } from '#src/lib/trim-character.js';

t.test('removes a character at the ends only', async (t) => {
  t.equal(trimEndCharacter('https://a//', '/'), 'https://a');
  t.equal(trimEndCharacter('///', '/'), '');
  t.equal(trimEndCharacter('', '/'), '');
  t.equal(trimCharacter('--a-b--', '-'), 'a-b');
  t.equal(trimCharacter('---', '-'), '');
  t.equal(trimCharacter('a', '-'), 'a');
});
