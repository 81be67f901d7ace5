import { type Static, Type } from '@sinclair/typebox';
import { pageOf, SEARCHED_TOTAL } from './paging.js';
import { htmlLimit, MAX_POST_HTML } from './rendered-html.js';
import {
  Component,
  Default,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  StoredText,
  Timestamp,
} from './types.js';

export const tag: OperationTag = {
  name: 'posts',
  description: 'Blog posts: write, publish and read',
};

/** The maximum length of a post's Markdown source, in code points. */
export const MAX_POST_LENGTH = 200_000;

/** The maximum number of tags of a post. */
export const MAX_POST_TAGS = 20;

/** The maximum number of posts per author, including drafts and posts in the trash. */
export const MAX_POSTS_PER_AUTHOR = 10_000;

export const POST_STATUSES = ['draft', 'published'] as const;
export type PostStatus = (typeof POST_STATUSES)[number];

/** Lower-case ASCII letters and digits, in words separated by single hyphens. */
export const SLUG_PATTERN = '^[a-z0-9]+(?:-[a-z0-9]+)*$';

/** White space, format characters, combining marks, and letters that are drawn as nothing. */
const INVISIBLE = '\\p{Cf}\\p{Cn}\\p{Co}\\p{Z}\\p{M}\\u115f\\u1160\\u2800\\u3164\\uffa0';

/** Control characters except U+0000. */
const CONTROLS = '\\u0001-\\u001f\\u007f-\\u009f';

/**
 * At least one visible character, so that titles and names are not blank, and no U+0000, which
 * PostgreSQL cannot store. Matches in linear time: the first visible character is unique.
 */
export const VISIBLE_PATTERN = `^[${CONTROLS}${INVISIBLE}]*[^\\u0000${CONTROLS}${INVISIBLE}][^\\u0000]*$`;

/** Like {@link VISIBLE_PATTERN}, but also for the empty text. */
export const EMPTY_OR_VISIBLE_PATTERN = `^$|${VISIBLE_PATTERN}`;

export const Author = Component(
  'Author',
  Type.Object(
    {
      id: Id('The id of the user'),
      username: Type.String({ description: 'The username' }),
      nickname: Type.String({ description: 'The display name; may be empty' }),
      avatar_url: Nullable(Type.String(), {
        description: 'The URL of the profile picture; null if there is none',
      }),
    },
    {
      description: 'The short form of a user, shown with content',
      examples: [{ id: 1, username: 'alice', nickname: 'Alice', avatar_url: null }],
    },
  ),
);
export type Author = Static<typeof Author>;

/** The short form of a category or tag, shown with posts. */
export const Topic = Component(
  'Topic',
  Type.Object(
    {
      id: Id('The id of the category or tag'),
      name: Type.String({ description: 'The name' }),
      slug: Type.String({ description: 'The slug used in URLs' }),
    },
    {
      description: 'The short form of a category or tag, shown with posts',
      examples: [{ id: 3, name: 'Databases', slug: 'databases' }],
    },
  ),
);
export type Topic = Static<typeof Topic>;

const author = Nullable(Ref(Author), { description: 'The author; null if the user was deleted' });

const title = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: VISIBLE_PATTERN,
  description: 'The title',
  examples: ['Pooling connections'],
});
const slug = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: SLUG_PATTERN,
  description:
    'The slug used in URLs. It is kept when the title changes; slugs under which the post was ' +
    'published redirect to the current one.',
  examples: ['pooling-connections'],
});
const summary = StoredText({
  maxLength: 500,
  description: 'A summary of one or two sentences, in plain text',
});
const content = StoredText({
  minLength: 1,
  maxLength: MAX_POST_LENGTH,
  description:
    'The Markdown source: CommonMark with tables, task lists and syntax highlighting. Code ' +
    'blocks of more than 2,000 characters, and code beyond 7,000 characters per post, are ' +
    `not highlighted. ${htmlLimit(MAX_POST_HTML)}`,
  examples: ['A pool keeps **connections** open.'],
});
const tagNames = Type.Array(
  Type.String({ minLength: 1, maxLength: 50, pattern: VISIBLE_PATTERN }),
  {
    maxItems: MAX_POST_TAGS,
    description:
      'The names of the tags, ignoring case. Tags that do not exist are created. A tag of a ' +
      'draft is private until a post with it is published.',
    examples: [['postgres', 'performance']],
  },
);
const categoryId = Nullable(Id('The id of a category'), {
  description: 'The id of the category; null for none',
});

const status = Enum(POST_STATUSES, {
  description: 'The status: `published` publishes the post, `draft` makes it a draft again',
});

const summaryFields = {
  id: Id('The id of the post'),
  title: Type.String({ description: 'The title' }),
  slug: Type.String({ description: 'The slug used in URLs' }),
  summary: Type.String({ description: 'The summary; may be empty' }),
  excerpt: Type.String({ description: 'The beginning of the text, in plain text' }),
  status: Enum(POST_STATUSES, {
    description: 'The status. Drafts are visible only to their author and to editors.',
  }),
  author,
  category: Nullable(Ref(Topic), { description: 'The category; null for none' }),
  tags: Type.Array(Ref(Topic), { description: 'The tags, sorted by name' }),
  reading_minutes: Type.Integer({
    minimum: 1,
    description: 'The estimated reading time, in minutes',
  }),
  view_count: Type.Integer({
    minimum: 0,
    description:
      'The number of views, with a delay of some seconds. A network (an IPv4 address, or the ' +
      '/64 network of an IPv6 address) is counted once in 30 minutes, and at most 10,000 ' +
      'networks in that time.',
  }),
  comment_count: Type.Integer({
    minimum: 0,
    description: 'The number of comments that everyone sees',
  }),
  published_at: Nullable(Timestamp('When the post was published'), {
    description: 'When the post was published; null for a draft',
  }),
  created_at: Timestamp('When the post was created'),
  updated_at: Timestamp('When the post was last changed'),
};

const summaryExample = {
  id: 1,
  title: 'Pooling connections',
  slug: 'pooling-connections',
  summary: 'Why a pool, and how large.',
  excerpt: 'A pool keeps connections open.',
  status: 'published' as const,
  author: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  category: { id: 3, name: 'Databases', slug: 'databases' },
  tags: [{ id: 7, name: 'postgres', slug: 'postgres' }],
  reading_minutes: 1,
  view_count: 42,
  comment_count: 3,
  published_at: '2026-01-31T09:30:00.000Z',
  created_at: '2026-01-30T18:00:00.000Z',
  updated_at: '2026-01-31T09:30:00.000Z',
};

/** A post without its text, as in lists. */
export const PostSummary = Component(
  'PostSummary',
  Type.Object(summaryFields, {
    description: 'A post without its text, as in lists',
    examples: [summaryExample],
  }),
);
export type PostSummary = Static<typeof PostSummary>;

export const Post = Component(
  'Post',
  Type.Object(
    {
      ...summaryFields,
      content: Type.String({ description: 'The Markdown source' }),
      content_html: Type.String({
        description: 'The rendered HTML, sanitized and safe to embed in a page',
      }),
    },
    {
      description: 'A post with its text',
      examples: [
        {
          ...summaryExample,
          content: 'A pool keeps **connections** open.',
          content_html: '<p>A pool keeps <strong>connections</strong> open.</p>\n',
        },
      ],
    },
  ),
);
export type Post = Static<typeof Post>;

export const PostPage = pageOf('PostPage', Ref(PostSummary), 'posts', summaryExample, {
  total: SEARCHED_TOTAL,
});

const written = {
  title,
  content,
  summary: Default(summary, ''),
  category_id: Default(categoryId, null),
  tags: Default(tagNames, []),
};
const writtenExample = {
  title: 'Pooling connections',
  content: 'A pool keeps **connections** open.',
  tags: ['postgres'],
};

export const PostCreate = Component(
  'PostCreate',
  Type.Object(
    {
      ...written,
      slug: Type.Optional({
        ...slug,
        description:
          'The slug used in URLs. If omitted, it is derived from the title (Chinese is ' +
          'transliterated), with a number appended if a published post or another draft of ' +
          'yours has it; that of a draft is final once it is published.',
      }),
      status: Default(
        Enum(POST_STATUSES, {
          description: 'The initial status: `published` to publish immediately',
        }),
        'draft',
      ),
    },
    { description: 'The post to create', examples: [writtenExample] },
  ),
);
export type PostCreate = Static<typeof PostCreate>;

export const PostReplace = Component(
  'PostReplace',
  Type.Object(
    { ...written, slug: Type.Optional(slug), status: Type.Optional(status) },
    {
      description:
        'The new state of the post. Omitted fields are reset to their defaults, except slug and ' +
        'status.',
      examples: [{ ...writtenExample, tags: ['markdown'] }],
    },
  ),
);
export type PostReplace = Static<typeof PostReplace>;

export const PostUpdate = Component(
  'PostUpdate',
  Type.Object(
    {
      title: Type.Optional(title),
      slug: Type.Optional(slug),
      content: Type.Optional(content),
      summary: Type.Optional(summary),
      category_id: Type.Optional(categoryId),
      tags: Type.Optional(tagNames),
      status: Type.Optional(status),
    },
    {
      description: 'The fields to change. Omitted fields keep their values.',
      examples: [{ title: 'Pools of connections', tags: ['markdown', 'performance'] }],
    },
  ),
);
export type PostUpdate = Static<typeof PostUpdate>;

export const PostParams = Type.Object({ id: Id('The id of the post') });

export const PostSlugParams = Type.Object({
  slug: StoredText({
    minLength: 1,
    maxLength: 200,
    description: 'The slug of the post, or a former one under which it was published',
    examples: ['advanced-search'],
  }),
});
