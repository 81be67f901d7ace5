import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

/** The errors of requests that have been routed again. */
const errors = new WeakMap<IncomingMessage, Error>();

/**
 * Handles a URL that the router cannot read. Fastify would answer it without any hook, so it would
 * count towards no limit. It is routed again with a path that can be read; the hook of this plugin
 * then throws the error.
 */
export function routeMalformedUrl(
  error: Error,
  { raw, server }: FastifyRequest,
  reply: FastifyReply,
): void {
  errors.set(raw, error);
  // Fastify's `originalUrl` reads this property, as after a rewritten URL.
  Object.assign(raw, { originalUrl: raw.url, url: '/' });
  server.routing(raw, reply.raw);
}

/** Rejects a request whose URL the router could not read: 400, or 414 if a segment is too long. */
export default fp(
  async (app) => {
    app.addHook('onRequest', ({ raw }, _reply, done) => {
      done(errors.get(raw));
    });
  },
  { name: 'malformed-urls', dependencies: ['rate-limit'] },
);
