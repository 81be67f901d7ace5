import t from 'tap';
import type { FormFile } from '#src/lib/multipart.js';
import { readBody } from '#src/lib/request-body.js';

const TYPE = 'multipart/form-data; boundary=x';

/** A part with the name `a`. */
const part = (content: string, more = '') =>
  `--x\r\nContent-Disposition: form-data; name="a"${more}\r\n\r\n${content}\r\n`;

const read = (text: string, type = TYPE) => readBody('form', type, Buffer.from(text));

const form = (a: unknown) => ({ body: { kind: 'form', fields: { a } } });

t.test('reads parts as python-multipart does', async (t) => {
  t.same(read(`${part('1')}--x--\r\n`), form('1'));
  t.same(read(`\r\n${part('1')}--x--`), form('1'), 'line breaks before the first boundary');
  t.same(read(`${part('1')}${part('2')}--x--epilogue`), form(['1', '2']));
  t.same(read(`${part('\r\n--xy\r\n--x-\r\n')}--x--`), form('\r\n--xy\r\n--x-\r\n'));
  t.same(read(`${part('1')}--x \t\r\n${part('2').slice(5)}--x--`), form(['1', '2']), 'padding');
  t.same(read(`${part('').repeat(2)}--x--`), form(['', '']));
  t.same(read(`${part('1')}--x--`, 'Multipart/Form-Data; charset=utf-8; Boundary="x"'), form('1'));
  for (const text of ['', '--x', '--x--', part('1'), `${part('1')}--x`, '--x\r\nContent-Dis']) {
    t.match(read(text), { body: { kind: 'form' } }, text);
    t.notOk('a' in Object((read(text) as { body?: { fields: object } }).body?.fields), text);
  }
});

t.test('reads files in their order among texts', async (t) => {
  const text = `${part('1', '; filename="../a;b.txt"')}${part('2')}--x--`;
  const result = read(text);
  const file = { filename: '../a;b.txt', content_type: 'application/octet-stream', size: 1 };
  t.same(result, form([file, '2']));
  const [first] =
    'body' in result && result.body.kind === 'form' ? [result.body.fields['a']].flat() : [];
  t.same((first as FormFile).content, Buffer.from('1'));
});

t.test('says why a form cannot be read, as Starlette does', async (t) => {
  const fields = (count: number) => Array.from({ length: count }, (_, at) => `f${at}=`).join('&');
  const urlencoded = 'application/x-www-form-urlencoded';
  for (const [text, unreadable, type] of [
    ['preamble', 'invalid_multipart'],
    ['--x\n', 'invalid_multipart'],
    ['--y\r\n', 'invalid_multipart'],
    ['--x\r\n: a\r\n\r\n', 'invalid_multipart'],
    ['--x\r\nA b: c\r\n\r\n', 'invalid_multipart'],
    ['--x\r\nA: b\rc', 'invalid_multipart'],
    [`--x\r\n${'A: b\r\n'.repeat(9)}\r\n`, 'invalid_multipart'],
    [`--x\r\nA: ${'b'.repeat(5000)}\r\n\r\n`, 'invalid_multipart'],
    [`${part('1')}--x y\r\n`, 'invalid_multipart'],
    ['--x\r\n\r\n', 'missing_part_name'],
    ['--x\r\nContent-Disposition: form-data; name\n="a"\r\n\r\n', 'missing_part_name'],
    ['--x\r\nContent-Disposition: form-data\r\n\r\n', 'missing_part_name'],
    [`${part('1').repeat(1001)}--x--`, 'too_many_fields'],
    [`${part('1', '; filename="f"').repeat(1001)}--x--`, 'too_many_files'],
    [part('1'), 'missing_boundary', 'multipart/form-data'],
    [part('1'), 'invalid_multipart', `multipart/form-data; boundary=${'x'.repeat(257)}`],
    [fields(1001), 'too_many_fields', urlencoded],
  ] as const) {
    t.same(read(text, type), { unreadable }, text.slice(0, 60));
  }
  t.match(read(fields(1000), urlencoded), { body: { kind: 'form' } });
  t.match(read(`${part('1').repeat(1000)}--x--`), { body: { kind: 'form' } });
});
