import t from 'tap';
import { readBody } from '#src/lib/request-body.js';

const TYPE = 'multipart/form-data; boundary=x';

/** A part with a body of this many bytes. */
const part = (header: string, size: number) => `--x\r\n${header}\r\n\r\n${'a'.repeat(size)}\r\n`;

t.test('reads a form to its end, whatever parts it skips', async (t) => {
  const skipped = ['', 'A: b', 'Content-Disposition: attachment; name="a"'];
  const field = part('Content-Disposition: form-data; name="field"', 3);
  for (const header of skipped) {
    for (const size of [10, 16_384, 200_000]) {
      const bytes = Buffer.from(`${part(header, size)}${field}--x--\r\n`);
      const result = await readBody('form', TYPE, bytes);
      t.same(result, { body: { kind: 'form', fields: { field: 'aaa' } } }, `${header} ${size}`);
    }
  }
});
