import type { Random } from './random.js';

/** A post as an author wrote it, and what an import should make of it. */
export interface WrittenArticle {
  path: string;
  text: string;
  title: string;
  content: string;
  status: 'draft' | 'published';
  /** The date in the file, or that of its name; null if it has none. */
  date: string | null;
  tags: string[];
  /** The slug, unless another post has it. */
  slug: string;
}

/** The users of the examples; other authors are no users. */
export const USERNAMES = ['alice', 'bob'];

type Tool = 'hexo' | 'hugo' | 'jekyll';

/** A value of front matter: the text of a plain YAML scalar, or a list of such. */
type Written = string | string[];

const TITLES = [
  ...['Pooling connections', 'What is new in 3.10?', 'Why: a "short" note', "It's #1 & <fine>"],
  ...['使用数据库连接池', '2024年终总结', 'GPU并行计算', '注意：冒号', '日本語の記事', '한국어 글'],
  ...['Продолжение следует', 'مقالة قصيرة', 'Ελληνικά', 'Ein Maß für Übermut', 'émojis 🎉 ici'],
  ...['3.10', '0042', 'yes', 'null and void', '2016-01-02', '50e78123', '- not an item', '@home'],
];
const NAMES = [
  ...['hello-world', 'connect-to-postgres', 'Notes_on_Pools', 'v3.10', '2016', '50e78123', '0042'],
  ...['数据库', 'über-uns', 'заметки', 'first post', 'a', 'part-1', 'part-2'],
];
const TAGS = [
  ...[
    'postgres',
    'Performance',
    '3.1',
    '3.10',
    '007',
    'yes',
    '2016-01-02',
    '数据库',
    '日本語',
    'c++',
  ],
  ...['node.js', 'тест', 'a b', 'null'],
];
const CATEGORIES = ['Databases', '随笔', 'Notes', '2016'];
const AUTHORS = ['alice', 'Bob', '王小明', 'Jane Doe', "O'Neil"];
const FIRST_KEYS = ['分类', 'my key', 'layout', 'Ключ', '🎉', 'og/type'];
const PARAGRAPHS = [
  ...[
    'A pool keeps **connections** open.',
    '# A heading\n\nand text',
    '> quoted\n\n1. one\n2. two',
  ],
  ...['连接池让**连接**保持打开。', '日本語のテキスト。', 'Текст на русском.', 'نص قصير.', '😀 🎉'],
  ...[
    '```js\nconst a = 1; // title: no\n```',
    '| a | b |\n|---|---|\n| 1 | 2 |',
    'title: not here',
  ],
  ...[
    'a line  \nbroken',
    '<b>html</b> &amp; more',
    '[a link](https://example.com/?a=1&b=2)',
    '***',
  ],
];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Returns posts in all forms that Hexo, Hugo and Jekyll read; each random source has its own. */
export function generateArticles(random: Random, count: number): WrittenArticle[] {
  const paths = new Set<string>();
  return Array.from({ length: count }, (_, index) => {
    for (;;) {
      const article = generateArticle(random, index);
      const known = article.path.normalize();
      if (paths.has(known)) continue;
      paths.add(known);
      return article;
    }
  });
}

function generateArticle(random: Random, index: number): WrittenArticle {
  const tool = random.pick<Tool>(['hexo', 'hugo', 'jekyll']);
  const title = random.pick(TITLES);
  const moment = momentOf(random);
  const [date, at] = dateOf(random, tool, moment);
  const tags = some(random, TAGS, 4);
  const isDraft = random.chance(0.2);
  const [path, slug, day] = pathOf(random, tool, moment, index);
  const written = random.chance(0.2) ? random.pick(['0042', '50e78123', `own-${index}`]) : null;
  const values: Record<string, Written> = {
    ...(random.chance(0.3) ? { [random.pick(FIRST_KEYS)]: 'x' } : {}),
    title,
    ...(date === null ? {} : { date }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(random.chance(0.4) ? { categories: [random.pick(CATEGORIES)] } : {}),
    ...(written === null ? {} : { slug: written }),
    ...(random.chance(0.3) ? { author: random.pick(AUTHORS) } : {}),
    ...(random.chance(0.1) ? { authors: some(random, AUTHORS, 3) } : {}),
    ...(random.chance(0.3) ? { description: 'Why, and how: a summary.' } : {}),
    ...addressOf(random, tool, index),
    ...(isDraft ? draftOf(random, tool) : {}),
  };
  const eol = random.chance(0.2) ? '\r\n' : '\n';
  const content = bodyOf(random).replaceAll('\n', eol);
  return {
    path,
    text: fileOf(random, tool, values, eol) + content,
    title,
    content,
    status: isDraft ? 'draft' : 'published',
    date: at ?? day,
    tags,
    slug: written ?? slug,
  };
}

/** A whole second, now and then in the first century. */
function momentOf(random: Random): Date {
  const from = random.chance(0.05) ? Date.parse('0001-02-01T00:00:00Z') : Date.UTC(1995, 0, 1);
  const days = from < 0 ? 36_000 : 10_500;
  return new Date(from + random.int(0, days * 86_400) * 1000);
}

/** Returns a date as one of the tools reads it, and the timestamp that it means. */
function dateOf(random: Random, tool: Tool, moment: Date): [string | null, string | null] {
  if (random.chance(0.05)) return ['0001-01-01T00:00:00Z', null];
  if (random.chance(0.05)) return [null, null];
  const iso = moment.toISOString();
  const [day, time] = [iso.slice(0, 10), iso.slice(11, 19)];
  const ahead = new Date(moment.getTime() + 8 * 3_600_000).toISOString();
  const local = [ahead.slice(0, 10), ahead.slice(11, 19)].join(' ');
  const [year = '', , date = ''] = day.split('-');
  const month = MONTHS[moment.getUTCMonth()] ?? '';
  const weekday = DAYS[moment.getUTCDay()] ?? '';
  const midnight = `${day}T00:00:00.000Z`;
  const common: [string, string][] = [
    [`${day} ${time}`, iso],
    [day, midnight],
    [`${day}T${time}Z`, iso],
    [`${local} +0800`, iso],
    [`${local.replace(' ', 'T')}+08:00`, iso],
  ];
  const others: Record<Tool, [string, string][]> = {
    hexo: [
      [`${day} ${time.slice(0, 5)}`, `${iso.slice(0, 16)}:00.000Z`],
      [`${day.replaceAll('-', '/')} ${time}`, iso],
      [`${Number(year) < 1000 ? day : day.replaceAll(/-0/g, '-')}`, midnight],
    ],
    hugo: [
      [`${local} +0800 CST`, iso],
      [`${weekday}, ${date} ${month} ${year} ${time} +0000`, iso],
      [`${weekday}, ${date} ${month} ${year} ${time} GMT`, iso],
      [`${weekday} ${month} ${String(Number(date)).padStart(2)} ${time} ${year}`, iso],
      [`${date} ${month} ${year}`, midnight],
      ...(moment.getTime() > 1e11
        ? [[String(moment.getTime() / 1000), iso] as [string, string]]
        : []),
    ],
    jekyll: [
      [`${month} ${Number(date)}, ${year}`, midnight],
      [`${Number(date)} ${month} ${year} ${time} UTC`, iso],
    ],
  };
  return random.pick([...common, ...others[tool]]);
}

/** Returns the path of a post, the slug of its name, and the date in it. */
function pathOf(
  random: Random,
  tool: Tool,
  moment: Date,
  index: number,
): [path: string, slug: string, day: string | null] {
  const base = random.pick(NAMES);
  const isOwn = random.chance(0.6);
  const name = isOwn ? `${base}-${index}` : base;
  const slugs: Record<string, string> = { 数据库: 'shu-ju-ku', 'über-uns': 'uber-uns' };
  const plain = { Notes_on_Pools: 'notes-on-pools', 'v3.10': 'v3-10', заметки: 'zametki' };
  const spaced = { 'first post': 'first-post' };
  const slug = { ...slugs, ...plain, ...spaced }[base] ?? base;
  const full = isOwn ? `${slug}-${index}` : slug;
  const section = random.pick(['blog', 'en', 'zh', '笔记', 'a/b']);
  if (tool === 'jekyll') {
    const day = moment.toISOString().slice(0, 10);
    return [`${section}/_posts/${day}-${name}.md`, full, `${day}T00:00:00.000Z`];
  }
  if (tool === 'hexo') return [`source/_posts/${section}/${name}.md`, full, null];
  const file = random.chance(0.3)
    ? `${name}/index.md`
    : `${name}.${random.pick(['md', 'markdown'])}`;
  return [`content/${section}/${file}`, full, null];
}

function addressOf(random: Random, tool: Tool, index: number): Record<string, Written> {
  if (random.chance(0.7)) return {};
  if (tool === 'hexo')
    return random.pick([{ abbrlink: `c${index}e5` }, { permalink: `p/${index}.html` }]);
  if (tool === 'jekyll') return { permalink: random.pick(['/:year/:title/', `/old/${index}/`]) };
  return random.pick<Record<string, Written>>([
    { url: `/old/${index}.html` },
    { aliases: [`/2016/${index}/`, `/第${index}/`, '/shared/'] },
  ]);
}

function draftOf(random: Random, tool: Tool): Record<string, Written> {
  if (tool === 'hugo') return { draft: 'true' };
  return random.pick([{ published: 'false' }, { published: 'no' }, { draft: 'yes' }]);
}

function bodyOf(random: Random): string {
  const paragraphs = Array.from({ length: random.int(1, 4) }, () => random.pick(PARAGRAPHS));
  return `${random.pick(['', '\n', '\n\n'])}${paragraphs.join('\n\n')}${random.pick(['', '\n'])}`;
}

function some<T>(random: Random, items: readonly T[], most: number): T[] {
  const chosen = Array.from({ length: random.int(0, most) }, () => random.pick(items));
  return [...new Set(chosen)];
}

/** Returns the front matter in one of the tool's forms, with its fences. */
function fileOf(random: Random, tool: Tool, values: Record<string, Written>, eol: string): string {
  const forms: Record<Tool, (() => string)[]> = {
    jekyll: [
      () => `---\n${yaml(random, values)}---\n`,
      () => `---  \n${yaml(random, values)}...\n`,
    ],
    hexo: [
      () => `---\n${yaml(random, values)}---\n`,
      () => `-----\n${yaml(random, values)}-----\n`,
      () => `${yaml(random, { title: 'x', ...values })}---\n`,
      () => `;;;\n${members(values)}\n;;;\n`,
    ],
    hugo: [
      () => `---\n${yaml(random, values)}---\n`,
      () => `--- # by hand\n${yaml(random, values)}---\n`,
      () => `\n\n---\n${yaml(random, values)}---\n`,
      () => `+++\n${toml(values)}+++\n`,
      () => `{\n${members(values)}\n}\n`,
    ],
  };
  const text = random.pick(forms[tool])().replaceAll('\n', eol);
  return random.pick(['', '', '', '\ufeff', '\ufeff\ufeff']) + text;
}

/** Texts that YAML would read as something else, or not at all. */
const NEEDS_QUOTES = /^[-@&*!|>%'"`#?[{]|[:#："'] ?|^(?:null|~)$/;

function scalar(random: Random, text: string): string {
  if (NEEDS_QUOTES.test(text) || random.chance(0.3)) {
    return random.chance(0.5) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
  }
  return text;
}

function yaml(random: Random, values: Record<string, Written>): string {
  const entries = Object.entries(values);
  const form = random.pick(['block', 'block', 'indented', 'flow', 'asked', 'tagged'] as const);
  const flow = (items: string[]) => `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;
  const inline = (value: Written) => (Array.isArray(value) ? flow(value) : JSON.stringify(value));
  const isUnopened = entries[0]?.[0] === 'title';
  if (form === 'flow' && !isUnopened) {
    return `{${entries.map(([key, value]) => `${JSON.stringify(key)}: ${inline(value)}`).join(', ')}}\n`;
  }
  if (form === 'asked' && !isUnopened) {
    return entries.map(([key, value]) => `? ${key}\n: ${inline(value)}\n`).join('');
  }
  const indent = form === 'indented' && !isUnopened ? '  ' : '';
  const lines = entries.map(([key, value]) => {
    // Dates stay plain, as people write them.
    if (!Array.isArray(value)) {
      const isPlain = ['date', 'draft', 'published'].includes(key);
      return `${indent}${key}: ${isPlain ? value : scalar(random, value)}\n`;
    }
    if (random.chance(0.5)) return `${indent}${key}: ${flow(value)}\n`;
    return `${indent}${key}:\n${value.map((item) => `${indent}  - ${scalar(random, item)}\n`).join('')}`;
  });
  return (form === 'tagged' && !isUnopened ? '!!map\n' : '') + lines.join('');
}

function toml(values: Record<string, Written>): string {
  const lines = Object.entries(values).map(([key, value]) => {
    const isPlain = key === 'draft' || (key === 'slug' && /^[1-9]\d*e\d+$/.test(String(value)));
    return `${JSON.stringify(key)} = ${isPlain ? value : JSON.stringify(value)}\n`;
  });
  return lines.join('');
}

function members(values: Record<string, Written>): string {
  return Object.entries(values)
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
    .join(',\n');
}
