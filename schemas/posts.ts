import { type Static, Type } from '@sinclair/typebox';
import { pageOf, pageQuery } from './paging.js';
import {
  Component,
  Default,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  Timestamp,
} from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'posts',
  description: 'Blog posts: write, publish, read',
};

/** Characters that the Markdown of a post may have. */
export const MAX_POST_LENGTH = 200_000;

/** How many tags a post may have. */
export const MAX_POST_TAGS = 20;

export const POST_STATUSES = ['draft', 'published'] as const;
export type PostStatus = (typeof POST_STATUSES)[number];

/** The orders of a list of posts. */
export const POST_ORDERS = ['newest', 'oldest', 'popular', 'title'] as const;
export type PostOrder = (typeof POST_ORDERS)[number];

/** Lower-case letters and digits of ASCII, in words with a hyphen between. */
export const SLUG_PATTERN = '^[a-z0-9]+(?:-[a-z0-9]+)*$';

/** Something that can be seen: no title or name is made of blanks alone. */
export const VISIBLE_PATTERN = '\\S';

export const Author = Component(
  'Author',
  Type.Object(
    {
      id: Id('The number of the user'),
      username: Type.String({ description: 'What the user is called' }),
      nickname: Type.String({ description: 'The name to show; may be empty' }),
      avatar_url: Nullable(Type.String(), { description: 'Where the picture is' }),
    },
    {
      description: 'Who wrote something',
      examples: [{ id: 1, username: 'alice', nickname: 'Alice', avatar_url: null }],
    },
  ),
);
export type Author = Static<typeof Author>;

/** A category or a tag, as a post names it. */
export const Topic = Component(
  'Topic',
  Type.Object(
    {
      id: Id('Its number'),
      name: Type.String({ description: 'What it is called' }),
      slug: Type.String({ description: 'Its name in an address' }),
    },
    {
      description: 'A category or a tag of a post',
      examples: [{ id: 3, name: 'Databases', slug: 'databases' }],
    },
  ),
);
export type Topic = Static<typeof Topic>;

const author = Nullable(Ref(Author), { description: 'Who wrote it; null if the user is gone' });

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
  description: 'The name in an address. It stays when the title changes; an old one is redirected.',
  examples: ['pooling-connections'],
});
const summary = Type.String({
  maxLength: 500,
  description: 'What it is about, in a sentence or two of plain text',
});
const content = Type.String({
  minLength: 1,
  maxLength: MAX_POST_LENGTH,
  description:
    'The text as Markdown: CommonMark, with tables, task lists, and code in colours by its language, ' +
    'of which blocks of more than 2,000 characters, and beyond 7,000 in all, stay plain',
  examples: ['A pool keeps **connections** open.'],
});
const tagNames = Type.Array(
  Type.String({ minLength: 1, maxLength: 50, pattern: VISIBLE_PATTERN }),
  {
    maxItems: MAX_POST_TAGS,
    description: 'The names of the tags, without regard to case; those that are new are created',
    examples: [['postgres', 'performance']],
  },
);
const categoryId = Nullable(Id('The number of a category'), {
  description: 'The number of the category; null for none',
});

const summaryFields = {
  id: Id('The number of the post'),
  title: Type.String({ description: 'The title' }),
  slug: Type.String({ description: 'The name in an address' }),
  summary: Type.String({ description: 'What it is about; may be empty' }),
  excerpt: Type.String({ description: 'How the text begins, without markup' }),
  status: Enum(POST_STATUSES, { description: 'A draft is for its author and for editors' }),
  author,
  category: Nullable(Ref(Topic), { description: 'The category; null if there is none' }),
  tags: Type.Array(Ref(Topic), { description: 'The tags, by name' }),
  reading_minutes: Type.Integer({ minimum: 1, description: 'How long reading takes, in minutes' }),
  view_count: Type.Integer({
    minimum: 0,
    description:
      'How often it was read, counted once for each visitor in 30 minutes, and some seconds late',
  }),
  comment_count: Type.Integer({ minimum: 0, description: 'How many approved comments it has' }),
  published_at: Nullable(Timestamp('When it was published'), {
    description: 'When it was published; null for a draft',
  }),
  created_at: Timestamp('When it was created'),
  updated_at: Timestamp('When it was last changed'),
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

/** A post as lists show it: without its text. */
export const PostSummary = Component(
  'PostSummary',
  Type.Object(summaryFields, {
    description: 'A post as lists show it: without its text',
    examples: [summaryExample],
  }),
);
export type PostSummary = Static<typeof PostSummary>;

export const Post = Component(
  'Post',
  Type.Object(
    {
      ...summaryFields,
      content: Type.String({ description: 'The text as Markdown, as it was written' }),
      content_html: Type.String({
        description: 'The text as HTML: safe to show, whatever was written',
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

export const PostPage = pageOf('PostPage', Ref(PostSummary), 'posts', summaryExample);

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
          'The name in an address; made from the title (Chinese is written in Latin letters), with a ' +
          'number behind it if that is taken, when it is left out',
      }),
      status: Default(
        Enum(POST_STATUSES, { description: 'Whether to publish it at once' }),
        'draft',
      ),
    },
    { description: 'A post to be written', examples: [writtenExample] },
  ),
);
export type PostCreate = Static<typeof PostCreate>;

export const PostReplace = Component(
  'PostReplace',
  Type.Object(
    { ...written, slug: Type.Optional(slug) },
    {
      description: 'A post to replace the one that is there; its slug stays if it is left out',
      examples: [writtenExample],
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
    },
    {
      description: 'The fields to change; what is left out stays as it is',
      examples: [{ title: 'Pools of connections', tags: ['postgres', 'performance'] }],
    },
  ),
);
export type PostUpdate = Static<typeof PostUpdate>;

/** The page, and the order by its name. */
export const postPageQuery = {
  ...pageQuery(),
  sort: Default(
    Enum(POST_ORDERS, {
      description:
        'The order: by the time of publication, by how often they were read, or by title',
    }),
    'newest',
  ),
};

export const PostListQuery = Type.Object({
  q: Type.Optional(
    Type.String({
      maxLength: 100,
      description:
        'Finds posts with these words, as the search understands them; `total` then counts a ' +
        'thousand of them at most',
    }),
  ),
  tag: Type.Optional(
    Type.String({ maxLength: 50, description: 'Only those with the tag of this slug' }),
  ),
  category: Type.Optional(
    Type.String({ maxLength: 50, description: 'Only those in the category of this slug' }),
  ),
  author: Type.Optional(
    Type.String({ maxLength: 50, description: 'Only what the user of this name wrote' }),
  ),
  month: Type.Optional(
    Type.String({
      pattern: '^[12][0-9]{3}-(?:0[1-9]|1[0-2])$',
      description: 'Only what was published in this month (UTC)',
      examples: ['2026-01'],
    }),
  ),
  status: Default(
    Enum(POST_STATUSES, {
      description: 'Published posts, or the drafts that you may see: your own, for editors all',
    }),
    'published',
  ),
  ...postPageQuery,
});
export type PostListQuery = Static<typeof PostListQuery>;

export const PostParams = Type.Object({ id: Id('The number of the post') });

export const PostSlugParams = Type.Object({
  slug: Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'The slug of the post',
    examples: ['pooling-connections'],
  }),
});
