// The reference of all ratios: node:http and pg by hand.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { viewerOf } from '#shared/bearer.mjs';
import { findPost, pageOfPosts } from '#shared/posts.mjs';
import * as users from '#shared/users.mjs';
import { checkLogin, checkUser } from './check-user.mjs';

const NOT_FOUND = { detail: 'Not Found', code: 'not_found' };

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    // The client has left before its body was complete.
    if (request.destroyed) return;
    console.error(error);
    send(response, 500, { detail: 'Internal Server Error' });
  });
});
server.keepAliveTimeout = 72_000;
server.listen(Number(process.env.PORT), '127.0.0.1');

async function handle(request, response) {
  const { url, method } = request;
  if (method === 'GET') {
    if (url === '/health') return send(response, 200, { status: 'healthy' });
    if (url.startsWith('/api/v1/users/')) {
      if (!(await mayPass(request))) return refuse(response);
      const user = await users.findUser(Number(url.slice('/api/v1/users/'.length)));
      return user === undefined ? send(response, 404, NOT_FOUND) : send(response, 200, user);
    }
    if (url.startsWith('/api/v1/posts/slug/')) {
      const post = await findPost(decodeURIComponent(url.slice('/api/v1/posts/slug/'.length)));
      return post === undefined
        ? send(response, 404, NOT_FOUND)
        : sendTagged(request, response, post);
    }
    const [path, query = ''] = url.split('?', 2);
    const parameters = new URLSearchParams(query);
    const page = Number(parameters.get('page') ?? 1);
    if (path === '/api/v1/users') {
      const cursor = parameters.get('cursor');
      const found = cursor ? users.usersAfter(cursor) : users.pageOfUsers(page);
      return send(response, 200, await found);
    }
    if (path === '/api/v1/posts') return sendTagged(request, response, await pageOfPosts(page));
  }
  if (method === 'POST') {
    if (url === '/api/v1/users') return create(request, response);
    if (url === '/bare/users') {
      const { user, errors } = checkUser(await bodyOf(request));
      if (errors !== undefined) return send(response, 422, { detail: errors });
      return send(response, 201, await users.insertUser(user));
    }
    if (url === '/api/v1/auth/login') {
      return send(response, 422, { detail: checkLogin(await bodyOf(request)) });
    }
  }
  return send(response, 404, NOT_FOUND);
}

async function create(request, response) {
  const viewer = await viewerOf(request.headers.authorization);
  if (viewer === null || !users.isAdministrator(viewer)) return refuse(response);
  const { user, errors } = checkUser(await bodyOf(request));
  if (errors !== undefined) return send(response, 422, { detail: errors });
  return send(response, 201, await users.createUser(user, viewer, request.socket.remoteAddress));
}

/** A request without a token is anonymous; one with a wrong token is refused. */
async function mayPass({ headers: { authorization } }) {
  return authorization === undefined || (await viewerOf(authorization)) !== null;
}

function refuse(response) {
  send(response, 401, { detail: 'Not authenticated', code: 'not_authenticated' });
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function send(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function sendTagged(request, response, value) {
  const body = JSON.stringify(value);
  const tag = `"${createHash('sha1').update(body).digest('base64url')}"`;
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304, { etag: tag }).end();
    return;
  }
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    etag: tag,
  });
  response.end(body);
}
