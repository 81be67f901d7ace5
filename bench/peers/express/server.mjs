// Express 5 with zod and pg.
import { createHash } from 'node:crypto';
import express from 'express';
import { z } from 'zod';
import { viewerOf } from '#shared/bearer.mjs';
import { findPost, pageOfPosts } from '#shared/posts.mjs';
import * as users from '#shared/users.mjs';

const Address = z.object({
  street: z.string().min(1).max(200),
  city: z.string().min(1).max(100),
  zipcode: z.string().max(20).nullable().default(null),
});

const UserCreate = z.object({
  username: z
    .string()
    .min(2)
    .max(50)
    .regex(/^[A-Za-z][A-Za-z0-9_]*$/),
  email: z.email().max(120).nullable().default(null),
  nickname: z.string().max(50).default(''),
  bio: z.string().max(2000).default(''),
  avatar_url: z
    .string()
    .regex(/^https?:\/\//)
    .max(256)
    .nullable()
    .default(null),
  age: z.int().min(0).max(150).nullable().default(null),
  tags: z.array(z.string().min(1).max(50)).max(50).default([]),
  address: Address.nullable().default(null),
  is_active: z.boolean().default(true),
  role: z.enum(['guest', 'author', 'editor', 'admin']).default('author'),
});

const Login = z.object({
  username: z.string().min(1).max(120),
  password: z.string().min(1).max(128),
  remember: z.boolean().default(false),
});

const ListQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  cursor: z.string().max(2048).optional(),
});

const Id = z.coerce.number().int().min(1);

const app = express();
app.disable('x-powered-by');
// A weak tag of every response would cost more than the work asks for.
app.set('etag', false);

async function identify(request, response, next) {
  const { authorization } = request.headers;
  if (authorization === undefined) return next();
  request.viewer = await viewerOf(authorization);
  if (request.viewer === null) return refuse(response);
  next();
}

function requireAdministrator(request, response, next) {
  if (!request.viewer || !users.isAdministrator(request.viewer)) return refuse(response);
  next();
}

function refuse(response) {
  response.status(401).json({ detail: 'Not authenticated' });
}

/** Sends JSON with an entity tag, or 304 if the client has it. */
function sendTagged(request, response, value) {
  if (value === undefined) return response.status(404).json({ detail: 'Not Found' });
  const body = JSON.stringify(value);
  const tag = `"${createHash('sha1').update(body).digest('base64url')}"`;
  response.set('ETag', tag);
  if (request.headers['if-none-match'] === tag) return response.status(304).end();
  response.type('json').send(body);
}

app.get('/health', (_request, response) => {
  response.json({ status: 'healthy' });
});

app.get('/api/v1/users/:id', identify, async (request, response) => {
  const user = await users.findUser(Id.parse(request.params.id));
  if (user === undefined) return response.status(404).json({ detail: 'Not Found' });
  response.json(user);
});

app.get('/api/v1/users', async (request, response) => {
  const { page, cursor } = ListQuery.parse(request.query);
  response.json(await (cursor ? users.usersAfter(cursor) : users.pageOfUsers(page)));
});

app.post(
  '/api/v1/users',
  identify,
  requireAdministrator,
  express.json(),
  async (request, response) => {
    const user = UserCreate.parse(request.body);
    response.status(201).json(await users.createUser(user, request.viewer, request.ip));
  },
);

app.post('/bare/users', express.json(), async (request, response) => {
  response.status(201).json(await users.insertUser(UserCreate.parse(request.body)));
});

app.post('/api/v1/auth/login', express.json(), (request, response) => {
  Login.parse(request.body);
  response.json({});
});

app.get('/api/v1/posts', async (request, response) => {
  const { page } = ListQuery.parse(request.query);
  sendTagged(request, response, await pageOfPosts(page));
});

app.get('/api/v1/posts/slug/:slug', async (request, response) => {
  sendTagged(request, response, await findPost(request.params.slug));
});

app.use((error, _request, response, _next) => {
  if (error instanceof z.ZodError) {
    response.status(422).json({ detail: error.issues });
    return;
  }
  response.status(error.status ?? 500).json({ detail: error.message });
});

const server = app.listen(Number(process.env.PORT), '127.0.0.1');
server.keepAliveTimeout = 72_000;
