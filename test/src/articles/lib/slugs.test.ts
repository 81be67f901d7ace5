import t from 'tap';
import { SLUG_PATTERN } from '#schemas/posts.js';
import { slugOf } from '#src/articles/lib/slugs.js';

t.test('transliterates titles in any script', async (t) => {
  const slugs: Record<string, string> = {
    'Pooling connections': 'pooling-connections',
    'C++ & Rust: 10 ways, 1 winner!': 'c-rust-10-ways-1-winner',
    'Crème brûlée': 'creme-brulee',
    'Straße nach Ørsted': 'strasse-nach-orsted',
    'Привет, мир': 'privet-mir',
    使用数据库连接池: 'shi-yong-shu-ju-ku-lian-jie-chi',
    'PostgreSQL 数据库': 'postgresql-shu-ju-ku',
    '2024年终总结': '2024-nian-zhong-zong-jie',
    使用PostgreSQL数据库: 'shi-yong-postgresql-shu-ju-ku',
    PostgreSQL入门: 'postgresql-ru-men',
    第3章: 'di-3-zhang',
    Vue3组件库: 'vue3-zu-jian-ku',
    'iPhone 15Pro评测': 'iphone-15pro-ping-ce',
    'C++入门（二）': 'c-ru-men-er',
    Привет世界: 'privet-shi-jie',
    ＡＢＣ中文: 'abc-zhong-wen',
    東京2020オリンピック: 'dong-jing-2020-orinpituku',
    テストABC: 'tesuto-abc',
    コーヒー: 'kohi',
    파이썬3입문: 'paisseon-3-ibmun',
    '한국어 테스트': 'hangugeo-teseuteu',
    '  --a__b..c//d\\e--  ': 'a-b-c-d-e',
    '../../etc/passwd': 'etc-passwd',
    'aux.txt': 'aux-txt',
    CON: 'con',
    '<script>': 'script',
    'e\u0301te\u0301': 'ete',
  };
  for (const [title, slug] of Object.entries(slugs)) t.equal(slugOf(title, 200), slug);
});

t.test('returns no slug without letters or digits', async (t) => {
  for (const title of ['', '   ', '😀🎉', '!!!', '…—·', '。，！', '\u0000', '\u200b', '\ud800']) {
    t.equal(slugOf(title, 200), '', JSON.stringify(title));
  }
});

t.test('cuts a long slug at a word', async (t) => {
  t.equal(slugOf('one two three', 13), 'one-two-three');
  t.equal(slugOf('one two three', 12), 'one-two');
  t.equal(slugOf('one two three', 8), 'one-two');
  t.equal(slugOf('one two three', 7), 'one-two');
  t.equal(slugOf('one two three', 6), 'one');
  t.equal(slugOf('a'.repeat(300), 200), 'a'.repeat(200), 'or within a word if necessary');
  for (const title of [
    '数据库'.repeat(100),
    'ß'.repeat(200),
    '½ ﷺ ㎒ ①'.repeat(50),
    'a '.repeat(200),
  ]) {
    const slug = slugOf(title, 200);
    t.match(slug, new RegExp(SLUG_PATTERN));
    t.ok(slug.length <= 200 && slug.length > 150);
  }
});
