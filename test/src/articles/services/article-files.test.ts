import t from 'tap';
import type { PostCreate } from '#schemas/posts.js';
import { readArticle, writeArticle } from '#src/articles/services/article-files.js';

const NOW = new Date('2024-06-01T12:00:00.000Z');

/** Each field has a value other than its default. */
const post: Omit<PostCreate, 'slug' | 'category_id'> = {
  title: 'Pools: "how many"?',
  content: '# One\n\nText\r\n',
  summary: 'Why a pool.',
  tags: ['performance', 'postgres'],
  status: 'published',
};

const DATE = '2024-01-31T09:30:00.000Z';
const { status: _status, ...fields } = post;
const exported = (published_at: string | null) =>
  writeArticle({
    ...fields,
    id: 1,
    slug: 'pools',
    author: 'alice',
    source_authors: ['Ann', 'Bob'],
    former_slugs: ['old', 'older'],
    category: 'Databases',
    published_at,
    created_at: NOW.toISOString(),
    source_path: null,
  });

t.test('an exported draft is one for Hugo, Jekyll and Hexo', async (t) => {
  const text = exported(null);
  t.match(text, /^draft: true\npublished: false\n---$/m);
  t.equal(readArticle({ path: 'a.md', text, modifiedAt: NOW }, NOW).post.status, 'draft');
  t.notMatch(exported(DATE), 'published:');
});

t.test('an exported file has every field that an import reads', async (t) => {
  const text = exported(DATE);
  const article = readArticle({ path: 'a.md', text, modifiedAt: NOW }, NOW);
  t.strictSame(article.post, post);
  t.match(article, {
    slug: 'pools',
    isSlugWritten: true,
    authors: ['Ann', 'Bob'],
    formerSlugs: ['old', 'older'],
    category: 'Databases',
    date: new Date(DATE),
  });
});
