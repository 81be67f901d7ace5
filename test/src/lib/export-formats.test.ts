import t from 'tap';
import { csvOf, jsonArrayOf } from '#src/lib/export-formats.js';

async function* listsOf(...lists: Record<string, unknown>[][]) {
  yield* lists;
}

async function piecesOf(text: AsyncGenerator<string>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of text) pieces.push(piece);
  return pieces;
}

const LONG = Array.from({ length: 500 }, (_, id) => ({ id, bio: '山"\n'.repeat(700) }));
const SHORT = Array.from({ length: 500 }, (_, id) => ({ id, bio: 'x' }));

t.test('long objects are formatted in pieces that a slow client reads in time', async (t) => {
  for (const pieces of [
    await piecesOf(csvOf(listsOf(LONG), ['id', 'bio'])),
    await piecesOf(jsonArrayOf(listsOf(LONG), JSON.stringify)),
  ]) {
    const sizes = pieces.map((piece) => Buffer.byteLength(piece));
    t.ok(Math.max(...sizes) <= 64 * 1024, `${Math.max(...sizes)} bytes`);
  }
});

t.test('short objects share pieces', async (t) => {
  t.ok((await piecesOf(csvOf(listsOf(SHORT), ['id', 'bio']))).length < 10);
  t.ok((await piecesOf(jsonArrayOf(listsOf(SHORT), JSON.stringify))).length < 10);
});

t.test('pieces and lists do not show in the text', async (t) => {
  const csv = (await piecesOf(csvOf(listsOf(LONG, [], SHORT), ['id', 'bio'], { bom: true }))).join(
    '',
  );
  t.ok(csv.startsWith('\uFEFFid,bio\r\n0,"山""\n山""\n'));
  t.equal(csv.split('id,bio').length, 2, 'one header line');
  t.equal(csv.split(/\r\n/).length, 1 + LONG.length + SHORT.length + 1);
  const json = (await piecesOf(jsonArrayOf(listsOf(LONG, [], SHORT), JSON.stringify))).join('');
  t.same(JSON.parse(json), [...LONG, ...SHORT]);
});

t.test('no objects', async (t) => {
  t.same(await piecesOf(csvOf(listsOf(), ['id'], { bom: true })), ['\uFEFFid\r\n']);
  t.same(await piecesOf(jsonArrayOf(listsOf([]), JSON.stringify)), ['[]']);
});

t.test('an error of the first read comes before any text', async (t) => {
  async function* broken(): AsyncGenerator<Record<string, unknown>[]> {
    yield Promise.reject(new Error('no connection'));
  }
  for (const text of [csvOf(broken(), ['id']), jsonArrayOf(broken(), JSON.stringify)]) {
    await t.rejects(text.next(), { message: 'no connection' });
  }
});
