// The reference of all ratios: node:http and pg by hand.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { viewerOf } from '#shared/bearer.mjs';
import { findPost, pageOfPosts } from '#shared/posts.mjs';
import * as users from '#shared/users.mjs';
import { checkLogin, checkUser } from './check-user.mjs';
import { mayPass, signIn } from './credentials.mjs';
import { createUsers, exportUsers, pageOfComments, search } from './more-work.mjs';

const NOT_FOUND = { detail: 'Not Found', code: 'not_found' };
const COMMENTS = /^\/api\/v1\/posts\/(\d+)\/comments$/;

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
    if (url === '/api/v1/users/export.csv') return exportUsers(response);
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
    if (path === '/api/v1/search') {
      const size = Number(parameters.get('size') ?? 10);
      return send(response, 200, await search(parameters.get('q') ?? '', size, page));
    }
    const post = COMMENTS.exec(path)?.[1];
    if (post !== undefined) return send(response, 200, await pageOfComments(Number(post), page));
    if (path === '/api/v1/posts') return sendTagged(request, response, await pageOfPosts(page));
  }
  if (method === 'POST') {
    if (url === '/api/v1/users') return create(request, response);
    if (url === '/bare/users') {
      const { user, errors } = checkUser(await bodyOf(request));
      if (errors !== undefined) return send(response, 422, { detail: errors });
      return send(response, 201, await users.insertUser(user));
    }
    if (url === '/api/v1/users/bulk') return createMany(request, response);
    if (url === '/api/v1/auth/login') return login(request, response);
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

async function createMany(request, response) {
  const viewer = await viewerOf(request.headers.authorization);
  if (viewer === null || !users.isAdministrator(viewer)) return refuse(response);
  const checked = (await bodyOf(request)).map(checkUser);
  const errors = checked.flatMap((each) => each.errors ?? []);
  if (errors.length > 0) return send(response, 422, { detail: errors });
  const all = checked.map(({ user }) => user);
  const ids = await createUsers(all, viewer, request.socket.remoteAddress);
  return send(response, 201, { created: ids.length, ids });
}

async function login(request, response) {
  const body = await bodyOf(request);
  const errors = checkLogin(body);
  if (errors.length > 0) return send(response, 422, { detail: errors });
  const { remoteAddress } = request.socket;
  const cookie = await signIn(body, remoteAddress, request.headers['user-agent'] ?? null);
  if (cookie === null) return refuse(response);
  response.setHeader('set-cookie', cookie);
  return send(response, 200, { status: 'login_ok' });
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
