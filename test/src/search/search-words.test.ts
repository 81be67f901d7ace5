import { sql } from 'kysely';
import t from 'tap';
import {
  anyOperand,
  askedRuns,
  askedWords,
  canonicalQuery,
  hasNegation,
  parsedWords,
  typedWords,
} from '#src/search/search-queries.js';
import { indexedWords } from '#src/search/search-words.js';
import { createTestApp } from '#test/support/app.js';
import { ODD_TEXTS } from '#test/support/generate-text.js';
import { Problems } from '#test/support/problems.js';
import { Random } from '#test/support/random.js';

const { app } = await createTestApp(t);

/** Whether PostgreSQL finds the text. */
async function finds(text: string, query: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select to_tsvector('english', ${indexedWords(text)})
      @@ websearch_to_tsquery('english', ${askedWords(query)}) as found`.execute(app.db);
  return rows[0]?.found ?? false;
}

t.test('splits Chinese runs into overlapping pairs', async (t) => {
  t.equal(indexedWords('使用数据库'), '使用 用数 数据 据库 使 用 数 据 库');
  t.equal(indexedWords('使用PostgreSQL数据库。'), '使用 postgresql 数据 据库 使 用 数 据 库');
  t.equal(indexedWords('第3章'), '第 3 章');
  t.equal(
    indexedWords('データベース 데이터'),
    'デー ータ タベ ベー ース 데이 이터 デ ー タ ベ ス 데 이 터',
  );
  t.equal(indexedWords('TCP/IP <b>bold</b> ＡＢＣ “quoted”'), 'tcp ip b bold b abc quoted');
  t.equal(indexedWords('a\0b \ud800 🙂'), 'a b');
});

t.test('parses a query into words, with Chinese words as phrases', async (t) => {
  const rows = [
    ['running fast', 'running fast'],
    ['数据库', '"数据 据库"'],
    ['数据库的连接', '"数据 据库" "连接"'],
    ['使用数据库连接池', '"使用" "数据 据库" "连接 接池"'],
    ['"数据库连接"', '"数据 据库 库连 连接"'],
    ['"PostgreSQL 数据库"', '"postgresql 数据 据库"'],
    ['“连接池”', '"连接 接池"'],
    ['连接 -数据库连接', '"连接" -"数据 据库 库连 连接"'],
    ['-"slow query"', '-"slow query"'],
    ['postgres OR 数据库', 'postgres or "数据 据库"'],
    ['的', '"的"'],
    ['池', '"池"'],
    ['"not closed', 'not closed'],
    ['"', ''],
    ['- -- "" ---', ''],
  ] as const;
  for (const [query, asked] of rows) t.equal(askedWords(query), asked, query);
  t.same(askedRuns('数据库的连接 -缓存 "使用 连接池"'), ['数据库', '连接', '使用', '连接池']);
});

t.test('returns the words and phrases that a text may match', async (t) => {
  const rows = [
    ['running fast', 'running or fast', ['running', 'fast']],
    ['"slow query" -cache', '"slow query"', ['slow', 'query']],
    ['-cache', '', []],
    ['postgres OR 数据库', 'postgres or "数据 据库"', ['postgres']],
    ['使用PostgreSQL', '"使用" or postgresql', ['postgresql']],
    ['"one or -two"', '"one or -two"', ['one', 'two']],
    ['"or" or', '"or"', []],
  ] as const;
  for (const [query, operands, words] of rows) {
    t.equal(anyOperand(query), operands, query);
    t.same(parsedWords(query), words, query);
  }
  t.equal(hasNegation('one -two'), true);
  t.equal(hasNegation('one "-two" three-four'), false);
});

t.test('has one form for queries that mean the same', async (t) => {
  const rows = [
    ['  Running   FAST ', 'running fast'],
    ['ｆａｓｔ “slow  Query” -', 'fast "slow  query"'],
    ['--fast -"slow query"', '-fast -"slow query"'],
    ['a OR b', 'a or b'],
    ['!!!', ''],
  ] as const;
  for (const [query, canonical] of rows) {
    t.equal(canonicalQuery(query), canonical, query);
    t.equal(canonicalQuery(canonical), canonical, 'its own');
    t.equal(askedWords(canonical), askedWords(query), 'asks for the same');
  }
  t.ok(canonicalQuery('\ufdfa'.repeat(100)).length <= 400);
});

t.test('treats the last word of a partial query as a prefix', async (t) => {
  t.equal(typedWords('Pooling conn'), "('pooling') & ('conn':*)");
  t.equal(typedWords('数据库'), "('数据' <-> '据库':*)");
  t.equal(typedWords("o'br & (x|!y):*\\"), "('o') & ('br') & ('x') & ('y':*)");
  t.equal(typedWords(' ! '), '');
});

t.test('finds English stems, and Chinese words within sentences', async (t) => {
  const text = '我们的服务使用PostgreSQL数据库连接池，because it runs faster over TCP/IP.';
  const found = [
    'running',
    'run',
    'faster TCP',
    '数据库',
    '连接池',
    '库连', // Regardless of the segmenter's words.
    '池',
    '数据库连接池',
    'postgresql 数据库',
    '"postgresql数据库"',
    '"数据库连接池 because"',
    '数据库 -缓存',
    '缓存 OR 连接池',
    '"runs faster"',
  ];
  for (const query of found) t.ok(await finds(text, query), query);
  const missed = [
    'walking',
    '据数',
    '缓存',
    '数据库 -postgresql',
    '服务 -连接池',
    '"faster runs"',
    '"数据 连接"',
    '',
    'the',
    '-',
  ];
  for (const query of missed) {
    t.notOk(await finds(text, query), query);
  }
});

t.test('indexes texts of any length', { timeout: 120_000 }, async (t) => {
  const characters = (count: number, of: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => String.fromCodePoint(of(index))).join('');
  const random = new Random(20_260_131);
  const texts: Record<string, string> = {
    'distinct Chinese': characters(200_000, () => random.int(0x4e00, 0x9fa5)),
    'distinct Chinese beyond the first plane': characters(200_000, () =>
      random.int(0x20000, 0x2a6d0),
    ),
    'one word': 'x'.repeat(200_000),
    'one word of four bytes a character': '\u{10400}'.repeat(200_000),
    'words of hyphens': Array.from({ length: 20_000 }, (_, n) => `a${n}-b${n}`).join(' '),
    'one word of hyphens': Array.from({ length: 50_000 }, (_, n) => `${n}`).join('-'),
    'distinct words': Array.from({ length: 22_000 }, (_, n) => `wörd${n * 7}ß`).join(' '),
    addresses: Array.from({ length: 8000 }, (_, n) => `a${n}.b${n}@c${n}.example.com`).join(' '),
    'what is written out': '\ufdfa'.repeat(200_000),
  };
  for (const [name, text] of Object.entries(texts)) {
    const { rows } = await sql<{ size: number }>`
      select pg_column_size(setweight(to_tsvector('english', ${indexedWords(text)}), 'C')) as size`.execute(
      app.db,
    );
    t.ok(Number(rows[0]?.size) > 0, name);
  }
});

t.test('accepts any query', async (t) => {
  const random = new Random(20_260_131);
  const problems = new Problems();
  const pieces = [
    ...ODD_TEXTS,
    ...[
      '"',
      '-',
      'OR',
      'or',
      'and',
      'not',
      '&',
      '|',
      '!',
      '<->',
      '<2>',
      ':*',
      ':A',
      '(',
      ')',
      '\\',
      "'",
      '/',
      '<b>',
      '&amp;',
    ],
    ...[
      '数据库',
      '的',
      '池',
      'データ',
      '데이터',
      '“',
      '”',
      'run',
      'the',
      'foo-bar',
      'x@y.z',
      '1.5e3',
      ' ',
      '\t',
      '\u3000',
      '\u0001',
      '\u{1f600}',
      '\ufdfa',
    ],
  ];
  const queries = Array.from({ length: 500 }, () =>
    Array.from({ length: random.int(1, 12) }, () => random.pick(pieces)).join(
      random.pick(['', ' ']),
    ),
  );
  const ask = (query: string) =>
    sql`select websearch_to_tsquery('english', ${askedWords(query)}),
          websearch_to_tsquery('english', ${anyOperand(query)}),
          websearch_to_tsquery('english', ${parsedWords(query).join(' or ')}),
          to_tsquery('simple', ${typedWords(query)})`.execute(app.db);
  for (const query of [...queries, '"'.repeat(100), '\ufdfa'.repeat(100), '数'.repeat(100)]) {
    await ask(query).catch((error: unknown) => t.fail(JSON.stringify(query), { error }));
    problems.unless(!askedRuns(query).includes(''), JSON.stringify(query));
  }
  problems.assertNone(t, 'none was, and no run is empty');
});
