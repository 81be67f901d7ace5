import fp from 'fastify-plugin';
import createRouter, { type HTTPMethod } from 'find-my-way';
import { ApiError } from '#src/errors.js';

const METHODS: HTTPMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Options of the app's own router; with others, the two routers would match different paths. */
export interface RouterOptions {
  ignoreTrailingSlash: boolean;
  maxParamLength: number;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the methods that the path of a URL supports; empty if there is no such path. */
    allowedMethods: (url: string) => string[];
    /** Whether a request to a fixed path was matched by a route with parameters. */
    isWrongMethod: (request: FastifyRequest) => boolean;
  }
}

/**
 * Finds the methods of a path. Fastify matches method and path at once and cannot tell a wrong
 * method from an unknown path.
 */
export default fp<{ router: RouterOptions }>(
  async (app, options) => {
    const router = createRouter({ ...options.router });

    const fixedPaths = new Set<string>();
    app.addHook('onRoute', ({ method, url }) => {
      if (!/[:*]/.test(url)) fixedPaths.add(url);
      for (const known of METHODS) {
        if ([method].flat().includes(known) && !router.hasRoute(known, url)) {
          router.on(known, url, () => undefined);
        }
      }
    });

    // `/posts/popular` is no post whose id is "popular", so PATCH is a wrong method for it.
    app.decorate('isWrongMethod', ({ url, routeOptions }) => {
      if (!routeOptions.url?.includes(':')) return false;
      const path = pathOf(url);
      return fixedPaths.has(path);
    });
    app.decorate('allowedMethods', (url) => {
      const path = pathOf(url);
      const found = METHODS.flatMap((method) => {
        const match = router.find(method, path);
        return match === null ? [] : [{ method, parameters: Object.keys(match.params).length }];
      });
      const fewest = Math.min(...found.map(({ parameters }) => parameters));
      return found.flatMap(({ method, parameters }) => (parameters === fewest ? [method] : []));
    });
  },
  { name: 'allowed-methods' },
);

/**
 * Returns the error for an unmatched request: 405 for a method that the path does not support,
 * otherwise 404, for an unknown path as well as for a route that has found nothing.
 */
export function unroutable(methods: string[], method?: string): ApiError {
  return methods.length === 0 || (method !== undefined && methods.includes(method))
    ? new ApiError('not_found')
    : new ApiError('method_not_allowed', {
        headers: { allow: [...methods, 'OPTIONS'].join(', ') },
      });
}

function pathOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
