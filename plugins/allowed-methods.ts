import fp from 'fastify-plugin';
import createRouter, { type HTTPMethod } from 'find-my-way';

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
  }
}

/**
 * Finds the methods of a path. Fastify matches method and path at once and cannot tell a wrong
 * method from an unknown path.
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
