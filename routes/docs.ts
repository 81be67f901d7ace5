import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { EXAMPLE_HOST } from '#plugins/openapi.js';
import { definitions } from '#schemas/index.js';
import { tag } from '#schemas/live.js';
import { ApiError } from '#src/errors.js';
import { asyncApiOf } from '#src/lib/async-api.js';
import { projectRoot } from '#src/lib/project-root.js';

const ASSETS = join(projectRoot, 'public');

/** The documentation pages need inline styles and images from `data:` and `blob:` URLs. */
const DOCS_POLICY = [
  "default-src 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "worker-src 'self' blob:",
].join('; ');

/** The OpenAPI and AsyncAPI documents and the pages that render the first. All assets are served locally. */
const routes: FastifyPluginAsync = async (app) => {
  app.addHook('onSend', async (request, reply) => {
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
    if (isPage && request.method !== 'OPTIONS') {
      reply.header('content-security-policy', DOCS_POLICY);
    }
  });

  // Otherwise a way out of the folder gets 403, as if there were something.
  app.addHook('onRequest', async ({ url }) => {
    const [path = ''] = url.split('?', 1);
    if (/\.\.|%5c|%2e/i.test(path)) throw new ApiError('not_found');
  });

  // Revalidated on each use, because the names do not change with the contents.
  await app.register(fastifyStatic, {
    root: ASSETS,
    prefix: '/static/',
    maxAge: 0,
  });

  let document: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (request, reply) => {
    // Private, because the examples contain the host of the request.
    reply.type('application/json; charset=utf-8').header('cache-control', 'private, no-cache');
    document ??= JSON.stringify(app.swagger());
    return withAddress(document, request);
  });

  let messages: string | undefined;
  app.get('/asyncapi.json', { schema: { hide: true } }, async (request, reply) => {
    // Private, because it contains the host of the request.
    reply.type('application/json; charset=utf-8').header('cache-control', 'private, no-cache');
    const { info } = app.swagger();
    messages ??= JSON.stringify(
      asyncApiOf({ info, tag, host: EXAMPLE_HOST, schemas: definitions }),
    );
    const text = withAddress(messages, request);
    return request.protocol === 'https'
      ? text.replace('"protocol":"ws"', '"protocol":"wss"')
      : text;
  });

  for (const name of ['docs', 'redoc']) {
    const page = readFileSync(join(ASSETS, `${name}.html`), 'utf8');
    app.get(`/${name}`, { schema: { hide: true } }, async (_request, reply) => {
      reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache');
      return page;
    });
  }
};

export default routes;

/** Host names and addresses with an optional port; no character that a shell would interpret. */
const PLAIN_HOST = /^[a-z\d.:[\]-]+$/i;

/** The document with the address of the request in its examples, so that they can be pasted. */
function withAddress(document: string, { protocol, givenHost }: FastifyRequest): string {
  if (!PLAIN_HOST.test(givenHost)) return document;
  return document
    .replaceAll(`http://${EXAMPLE_HOST}`, `${protocol}://${givenHost}`)
    .replaceAll(`ws://${EXAMPLE_HOST}`, `${protocol === 'https' ? 'wss' : 'ws'}://${givenHost}`)
    .replaceAll(EXAMPLE_HOST, givenHost);
}
