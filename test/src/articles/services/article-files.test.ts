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

t.test('an exported file has every field that an import reads', async (t) => {
  const { status, ...fields } = post;
  const date = '2024-01-31T09:30:00.000Z';
  const text = writeArticle({
    ...fields,
    id: 1,
    slug: 'pools',
    author: 'alice',
    source_authors: ['Ann', 'Bob'],
    former_slugs: ['old', 'older'],
    category: 'Databases',
    published_at: status === 'published' ? date : null,
    created_at: NOW.toISOString(),
    source_path: null,
  });
  const article = readArticle({ path: 'a.md', text, modifiedAt: NOW }, NOW);
  t.strictSame(article.post, post);
  t.match(article, {
    slug: 'pools',
    isSlugWritten: true,
    authors: ['Ann', 'Bob'],
    formerSlugs: ['old', 'older'],
    category: 'Databases',
    date: new Date(date),
  });
});
