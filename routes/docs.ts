import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyPluginAsync } from 'fastify';
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

/** The OpenAPI document and the pages that render it. All assets are served locally. */
const routes: FastifyPluginAsync = async (app) => {
  app.addHook('onSend', async (request, reply) => {
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
    if (isPage && request.method !== 'OPTIONS') {
      reply.header('content-security-policy', DOCS_POLICY);
    }
  });

  await app.register(fastifyStatic, { root: ASSETS, prefix: '/static/', maxAge: '30d' });

  await app.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'Althing - Swagger UI' },
    uiConfig: {
      deepLinking: true,
      displayOperationId: true,
      tryItOutEnabled: true,
      persistAuthorization: false,
      requestInterceptor: addCsrfToken,
    },
  });

  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache');
    return JSON.stringify(app.swagger());
  });

  const redoc = readFileSync(join(ASSETS, 'redoc.html'), 'utf8');
  app.get('/redoc', { schema: { hide: true } }, async (_request, reply) => {
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache');
    return redoc;
  });
};

export default routes;

interface UiRequest {
  method?: string;
  headers: Record<string, string>;
}

declare function fetch(url: string): Promise<{ json(): Promise<{ csrf_token: string }> }>;

/**
 * Adds the CSRF token to the requests of *Try it out*. Runs in the browser, in Swagger UI: the
 * function is sent as text, so it may use only its argument and browser globals.
 */
async function addCsrfToken(request: object): Promise<object> {
  const { method, headers } = request as UiRequest;
  if (/^(POST|PUT|PATCH|DELETE)$/i.test(method ?? '')) {
    const answer = await fetch('/api/v1/auth/csrf');
    headers['X-CSRF-Token'] ??= (await answer.json()).csrf_token;
  }
  return request;
}
