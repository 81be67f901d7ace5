import type { PostStatus } from '#schemas/posts.js';
import type { Context } from '#src/access/context.js';
import { categories } from '#src/articles/services/categories.js';
import { writtenComment } from '#src/articles/services/comment-changes.js';
import { createPost } from '#src/articles/services/post-changes.js';
import { createTopic } from '#src/articles/services/topic-changes.js';
import { insertComment } from '#src/articles/stores/comment-changes.js';
import type { Database } from '#src/db/database.js';

const DAY_MS = 24 * 60 * 60 * 1000;

interface DemoComment {
  author: string;
  content: string;
  isWaiting?: boolean;
  replies?: DemoComment[];
}

interface DemoPost {
  author: string;
  title: string;
  summary: string;
  category: string;
  tags: string[];
  content: string;
  status?: PostStatus;
  comments?: DemoComment[];
}

const POSTS: DemoPost[] = [
  {
    author: 'alice',
    title: 'What a post can show',
    summary: 'Everything that Markdown is good for here, in one place.',
    category: 'Guides',
    tags: ['markdown', 'writing'],
    content: `Text may be *stressed*, **strong** or ~~struck out~~, and [lead somewhere](https://commonmark.org).

| what | how |
|---|---|
| a table | lines with bars |
| a list | lines with hyphens |

- [x] write a draft
- [ ] publish it

\`\`\`ts
const answer = await fetch('/api/v1/posts');
\`\`\`

> What could run in a reader's browser is taken out.
`,
    comments: [
      {
        author: 'bob',
        content: 'Are the colours of code made in the browser?',
        replies: [
          {
            author: 'alice',
            content: 'No, with the rest: `content_html` has them as classes.',
            replies: [{ author: 'bob', content: 'Thank you!' }],
          },
        ],
      },
      { author: 'frank', content: 'This one waits for an editor.', isWaiting: true },
    ],
  },
  {
    author: 'bob',
    title: 'Searching with more than one word',
    summary: 'Quotes, a minus and OR.',
    category: 'Guides',
    tags: ['search'],
    content: `Words are found in all their forms: *run* finds what is running.

- \`"connection pool"\` finds the two words in this order,
- \`pool -swimming\` leaves out what is not meant,
- \`postgres OR redis\` finds either.
`,
    comments: [{ author: 'diana', content: 'And nothing that I type is an error. I have tried.' }],
  },
  {
    author: 'charlie',
    title: '使用数据库连接池',
    summary: '为什么不要为每个请求打开一个连接。',
    category: 'Storage',
    tags: ['postgres', '连接池'],
    content: `打开连接比查询慢得多，所以服务会保留一些连接，并在请求之间共享它们。

1. 连接数要少于数据库允许的数量；
2. 事务要短；
3. 等待太久的请求应该得到 503，而不是一直等下去。
`,
  },
  {
    author: 'diana',
    title: 'Why a list may be a minute old',
    summary: 'What is kept, for how long, and what ends it early.',
    category: 'Storage',
    tags: ['postgres', 'caching'],
    content: `Lists that everyone may see are kept for a minute, single posts for five. A change of what they show ends that at once, in every process.

The header \`X-Cache\` says \`hit\` or \`miss\`.
`,
  },
  {
    author: 'eve',
    title: 'Notes for later',
    summary: '',
    category: 'Guides',
    tags: [],
    status: 'draft',
    content: 'Only its author and editors see this.\n',
  },
];

/**
 * Writes some articles of people that there are, a day apart, the newest today.
 *
 * @param users their numbers by their names
 */
export async function loadDemoArticles(trx: Context, users: Users): Promise<void> {
  const names = [...new Set(POSTS.map(({ category }) => category))];
  const ids = new Map<string, number>();
  for (const name of names) {
    const { id } = await createTopic(trx, categories, { name, description: '' });
    ids.set(name, id);
  }
  for (const [index, { author, category, comments = [], ...post }] of POSTS.entries()) {
    const at = new Date(trx.now.getTime() - index * DAY_MS);
    const { id } = await createPost(
      trx,
      { status: 'published', ...post, category_id: numberOf(category, ids) },
      { authorId: numberOf(author, users), at },
    );
    await insertThreads(trx.db, { post_id: id, users, at: at.toISOString() }, comments);
  }
}

/** Numbers by names. */
type Users = ReadonlyMap<string, number | undefined>;

function numberOf(name: string, numbers: Users): number {
  const number = numbers.get(name);
  if (number === undefined) throw new Error(`The demo data has no ${name}`);
  return number;
}

/** Where comments stand, and what they all have in common. */
interface Place {
  post_id: number;
  users: Users;
  at: string;
  parent_id?: number;
  thread_id?: number;
  depth?: number;
}

async function insertThreads(
  trx: Database,
  { users, at, ...place }: Place,
  comments: DemoComment[],
): Promise<void> {
  for (const { author, content, isWaiting = false, replies = [] } of comments) {
    const id = await insertComment(trx, {
      ...place,
      ...(await writtenComment(content)),
      author_id: numberOf(author, users),
      is_approved: !isWaiting,
      created_at: at,
      updated_at: at,
    });
    const { post_id, thread_id = id, depth = 0 } = place;
    const below = { post_id, users, at, parent_id: id, thread_id, depth: depth + 1 };
    await insertThreads(trx, below, replies);
  }
}
