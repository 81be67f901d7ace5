// Fastify with Ajv, its serializer and pg, without the service's own parts.
import { createHash } from 'node:crypto';
import Fastify from 'fastify';
import { viewerOf } from '#shared/bearer.mjs';
import { findPost, pageOfPosts } from '#shared/posts.mjs';
import * as users from '#shared/users.mjs';
import * as schemas from './schemas.mjs';

const app = Fastify({
  ajv: { customOptions: { allErrors: true, coerceTypes: true } },
  keepAliveTimeout: 72_000,
});

app.decorateRequest('viewer', null);

app.setErrorHandler((error, _request, reply) => {
  if (error.validation) return reply.code(422).send({ detail: error.validation });
  return reply.code(error.statusCode ?? 500).send({ detail: error.message });
});

/** Identifies the user; an anonymous request passes. */
async function identify(request) {
  const { authorization } = request.headers;
  if (authorization === undefined) return;
  request.viewer = await viewerOf(authorization);
  if (request.viewer === null) throw unauthorized();
}

async function requireAdministrator(request) {
  await identify(request);
  if (request.viewer === null || !users.isAdministrator(request.viewer)) throw unauthorized();
}

/** Adds an entity tag; answers 304 if the client has the response. */
async function addTag(request, reply, payload) {
  const tag = `"${createHash('sha1').update(payload).digest('base64url')}"`;
  reply.header('etag', tag);
  if (request.headers['if-none-match'] !== tag) return payload;
  reply.code(304);
  return null;
}

function unauthorized() {
  return Object.assign(new Error('Not authenticated'), { statusCode: 401 });
}

function found(value) {
  if (value === undefined) throw Object.assign(new Error('Not Found'), { statusCode: 404 });
  return value;
}

const health = { type: 'object', properties: { status: { type: 'string' } } };

app.get('/health', { schema: { response: { 200: health } } }, async () => ({ status: 'healthy' }));

app.get(
  '/api/v1/users/:id',
  {
    onRequest: identify,
    schema: { params: schemas.idParams, response: { 200: schemas.userPublic } },
  },
  async (request) => found(await users.findUser(request.params.id)),
);

app.get(
  '/api/v1/users',
  { schema: { querystring: schemas.listQuery, response: { 200: schemas.userPage } } },
  async ({ query }) =>
    query.cursor ? users.usersAfter(query.cursor) : users.pageOfUsers(query.page),
);

app.post(
  '/api/v1/users',
  {
    onRequest: requireAdministrator,
    schema: { body: schemas.userCreate, response: { 201: schemas.user } },
  },
  async (request, reply) => {
    reply.code(201);
    return users.createUser(request.body, request.viewer, request.ip);
  },
);

app.post(
  '/bare/users',
  { schema: { body: schemas.userCreate, response: { 201: schemas.user } } },
  async (request, reply) => {
    reply.code(201);
    return users.insertUser(request.body);
  },
);

app.post('/api/v1/auth/login', { schema: { body: schemas.login } }, async () => ({}));

app.get(
  '/api/v1/posts',
  {
    onSend: addTag,
    schema: { querystring: schemas.listQuery, response: { 200: schemas.postPage } },
  },
  async ({ query }) => pageOfPosts(query.page),
);

app.get(
  '/api/v1/posts/slug/:slug',
  { onSend: addTag, schema: { response: { 200: schemas.post } } },
  async ({ params }) => found(await findPost(params.slug)),
);

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
