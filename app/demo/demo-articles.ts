import type { PostStatus } from '#schemas/posts.js';
import type { Context } from '#src/access/context.js';
import { categories } from '#src/articles/services/categories.js';
import { renderedComment } from '#src/articles/services/comment-changes.js';
import { type RenderedText, renderedText, writePost } from '#src/articles/services/post-changes.js';
import { createTopic } from '#src/articles/services/topic-changes.js';
import { insertComment } from '#src/articles/stores/comment-changes.js';

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
    title: 'Formatting a post',
    summary: 'An overview of the supported Markdown.',
    category: 'Guides',
    tags: ['markdown', 'writing'],
    content: `Text can be *emphasised*, **bold** or ~~struck through~~, and can contain [links](https://commonmark.org).

| element | syntax |
|---|---|
| table | columns separated by bars |
| list | lines that start with a hyphen |

- [x] write a draft
- [ ] publish it

\`\`\`ts
const answer = await fetch('/api/v1/posts');
\`\`\`

> HTML that could run scripts in the reader's browser is removed.
`,
    comments: [
      {
        author: 'bob',
        content: 'Is code highlighted in the browser?',
        replies: [
          {
            author: 'alice',
            content: 'No, on the server: `content_html` contains the classes.',
            replies: [{ author: 'bob', content: 'Thank you!' }],
          },
        ],
      },
      { author: 'frank', content: 'This comment is awaiting moderation.', isWaiting: true },
    ],
  },
  {
    author: 'bob',
    title: 'Advanced search',
    summary: 'Phrases, exclusions and alternatives.',
    category: 'Guides',
    tags: ['search'],
    content: `The search ignores word endings: *run* also finds *running*.

- \`"connection pool"\` finds the exact phrase.
- \`pool -swimming\` excludes posts that contain *swimming*.
- \`postgres OR redis\` finds posts that contain either word.
`,
    comments: [{ author: 'diana', content: 'Unbalanced quotes work too. I tried.' }],
  },
  {
    author: 'charlie',
    title: '使用数据库连接池',
    summary: '为什么不应为每个请求建立新连接。',
    category: 'Storage',
    tags: ['postgres', '连接池'],
    content: `建立连接比执行查询慢得多，因此服务会保持若干连接，供各个请求共用。

1. 连接数应少于数据库允许的上限；
2. 事务应尽量简短；
3. 等待过久的请求应返回 503，而不是无限期等待。
`,
  },
  {
    author: 'diana',
    title: 'How responses are cached',
    summary: 'What is cached, for how long, and when it is invalidated.',
    category: 'Storage',
    tags: ['postgres', 'caching'],
    content: `Public lists are cached for one minute and single posts for five. A change invalidates them in every process within milliseconds.

The \`X-Cache\` header is \`hit\` or \`miss\`.
`,
  },
  {
    author: 'eve',
    title: 'Notes for later',
    summary: '',
    category: 'Guides',
    tags: [],
    status: 'draft',
    content: 'Drafts are visible only to their author and to editors.\n',
  },
];

type RenderedComment = Awaited<ReturnType<typeof renderedComment>>;

/** The rendered demo data, by content. */
export interface RenderedArticles {
  posts: ReadonlyMap<string, RenderedText>;
  comments: ReadonlyMap<string, RenderedComment>;
}

/** Renders the demo posts and comments, which must not happen in a transaction. */
export async function renderDemoArticles(context: Context): Promise<RenderedArticles> {
  const posts = new Map<string, RenderedText>();
  for (const { content } of POSTS) posts.set(content, await renderedText(context, content));
  const comments = new Map<string, RenderedComment>();
  const waiting = POSTS.flatMap((post) => post.comments ?? []);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    comments.set(next.content, await renderedComment(context, next.content));
    waiting.push(...(next.replies ?? []));
  }
  return { posts, comments };
}

/**
 * Creates the demo posts with their categories and comments, one day apart, the newest one now.
 *
 * @param users ids of the demo users by username
 */
export async function loadDemoArticles(
  trx: Context,
  users: Users,
  rendered: RenderedArticles,
): Promise<void> {
  const names = [...new Set(POSTS.map(({ category }) => category))];
  const ids = new Map<string, number>();
  for (const name of names) {
    const { id } = await createTopic(trx, categories, { name, description: '' });
    ids.set(name, id);
  }
  for (const [index, { author, category, comments = [], ...post }] of POSTS.entries()) {
    const at = new Date(trx.now.getTime() - index * DAY_MS);
    const text = of(rendered.posts, post.content);
    const { id } = await writePost(
      trx,
      { status: 'published', ...post, category_id: of(ids, category) },
      { authorId: of(users, author), at, text },
    );
    const place = { post_id: id, users, at: at.toISOString(), rendered: rendered.comments };
    await insertThreads(trx, place, comments);
  }
}

/** Ids by name. */
type Users = ReadonlyMap<string, number | undefined>;

function of<T>(values: ReadonlyMap<string, T | undefined>, name: string): T {
  const value = values.get(name);
  if (value === undefined) throw new Error(`The demo data has no ${name}`);
  return value;
}

/** The place of comments in a thread, and the values that they share. */
interface Place {
  post_id: number;
  users: Users;
  at: string;
  rendered: RenderedArticles['comments'];
  parent_id?: number;
  thread_id?: number;
  depth?: number;
}

async function insertThreads(
  trx: Context,
  { users, at, rendered, ...place }: Place,
  comments: DemoComment[],
): Promise<void> {
  for (const { author, content, isWaiting = false, replies = [] } of comments) {
    const id = await insertComment(trx.db, {
      ...place,
      ...of(rendered, content),
      author_id: of(users, author),
      is_approved: !isWaiting,
      created_at: at,
      updated_at: at,
    });
    const { post_id, thread_id = id, depth = 0 } = place;
    const below = { post_id, users, at, rendered, parent_id: id, thread_id, depth: depth + 1 };
    await insertThreads(trx, below, replies);
  }
}
