import fp from 'fastify-plugin';
import createRouter, { type HTTPMethod } from 'find-my-way';
import { ApiError } from '#src/errors.js';

const METHODS: HTTPMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The options of the app's own router: with others the two would find different things. */
export interface RouterOptions {
  ignoreTrailingSlash: boolean;
  maxParamLength: number;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that the path of a URL answers to; none if there is no such path. */
    allowedMethods: (url: string) => string[];
  }
}

/**
 * Tells a wrong method from a wrong path, for 405 with `Allow` (RFC 9110, section 15.5.6) in place
 * of 404. Fastify looks up method and path at once and cannot tell.
 */
export default fp<{ router: RouterOptions }>(
  async (app, options) => {
    const router = createRouter({ ...options.router });

    app.addHook('onRoute', ({ method, url }) => {
      for (const known of METHODS) {
        if ([method].flat().includes(known) && !router.hasRoute(known, url)) {
          router.on(known, url, () => undefined);
        }
      }
    });

    app.decorate('allowedMethods', (url) => {
      const [path] = url.split('?', 1);
      return METHODS.filter((method) => router.find(method, path ?? '/') !== null);
    });
  },
  { name: 'allowed-methods' },
);

/**
 * The error for a request that nothing answers: a wrong method, or a path behind which there is
 * nothing, be it that no route has it or that its route has found nothing.
 */
export function unroutable(method: string, methods: string[]): ApiError {
  return methods.length === 0 || methods.includes(method)
    ? new ApiError('not_found')
    : new ApiError('method_not_allowed', {
        headers: { allow: [...methods, 'OPTIONS'].join(', ') },
      });
}
