// JSON Schemas of the Fastify peer, for Ajv and the serializer.

const text = { type: 'string' };
const nullableText = { type: ['string', 'null'] };
const integer = { type: 'integer' };
const nullableInteger = { type: ['integer', 'null'] };

const publicFields = {
  id: integer,
  username: text,
  nickname: text,
  bio: text,
  avatar_url: nullableText,
  tags: { type: 'array', items: text },
  created_at: text,
};

const address = {
  type: 'object',
  nullable: true,
  required: ['street', 'city'],
  properties: {
    street: { type: 'string', minLength: 1, maxLength: 200 },
    city: { type: 'string', minLength: 1, maxLength: 100 },
    zipcode: { type: 'string', nullable: true, maxLength: 20, default: null },
  },
};

export const userPublic = { type: 'object', properties: publicFields };

export const user = {
  type: 'object',
  properties: {
    ...publicFields,
    email: nullableText,
    age: nullableInteger,
    address,
    email_verified_at: nullableText,
    role: text,
    permissions: integer,
    is_active: { type: 'boolean' },
    updated_at: text,
    last_login_at: nullableText,
  },
};

export const userCreate = {
  type: 'object',
  required: ['username'],
  properties: {
    username: {
      type: 'string',
      minLength: 2,
      maxLength: 50,
      pattern: '^[A-Za-z][A-Za-z0-9_]*$',
    },
    email: { type: 'string', nullable: true, format: 'email', maxLength: 120, default: null },
    nickname: { type: 'string', maxLength: 50, default: '' },
    bio: { type: 'string', maxLength: 2000, default: '' },
    avatar_url: {
      type: 'string',
      nullable: true,
      pattern: '^https?://',
      maxLength: 256,
      default: null,
    },
    age: { type: 'integer', nullable: true, minimum: 0, maximum: 150, default: null },
    tags: {
      type: 'array',
      maxItems: 50,
      items: { type: 'string', minLength: 1, maxLength: 50 },
      default: [],
    },
    address: { ...address, default: null },
    is_active: { type: 'boolean', default: true },
    role: { enum: ['guest', 'author', 'editor', 'admin'], default: 'author' },
  },
};

export const login = {
  type: 'object',
  required: ['username', 'password'],
  properties: {
    username: { type: 'string', minLength: 1, maxLength: 120 },
    password: { type: 'string', minLength: 1, maxLength: 128 },
    remember: { type: 'boolean', default: false },
  },
};

const topic = { type: 'object', properties: { id: integer, name: text, slug: text } };

const summary = {
  id: integer,
  title: text,
  slug: text,
  summary: text,
  excerpt: text,
  status: text,
  author: {
    type: 'object',
    nullable: true,
    properties: { id: integer, username: text, nickname: text, avatar_url: nullableText },
  },
  category: { ...topic, nullable: true },
  tags: { type: 'array', items: topic },
  reading_minutes: integer,
  view_count: integer,
  comment_count: integer,
  published_at: nullableText,
  created_at: text,
  updated_at: text,
};

export const post = {
  type: 'object',
  properties: { ...summary, content: text, content_html: text },
};

const page = (item) => ({
  type: 'object',
  properties: {
    items: { type: 'array', items: item },
    total: nullableInteger,
    page: nullableInteger,
    size: integer,
    pages: nullableInteger,
    has_next: { type: 'boolean' },
    has_prev: { type: 'boolean' },
    next_cursor: nullableText,
  },
});

export const userPage = page(userPublic);
export const postPage = page({ type: 'object', properties: summary });

export const listQuery = {
  type: 'object',
  properties: {
    page: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1 },
    cursor: { type: 'string', maxLength: 2048 },
  },
};

export const idParams = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer', minimum: 1 } },
};
