import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import { isLocalRequest } from '#src/lib/loopback.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether a request asks for something that is answered on this machine only. */
    isLocalOnly: (request: FastifyRequest) => boolean;
    /** Whether this is so and the request comes from elsewhere, so it must get a 404. */
    isHidden: (request: FastifyRequest) => boolean;
  }
}

/**
 * Answers everything below `prefix` only to requests that were made on this machine, for this
 * machine. All others get the 404 of an unknown path, and no page of another origin may read the
 * responses.
 */
export default fp<{ prefix: string }>(
  async (app, { prefix }) => {
    const isBelow = (path = '') => path === prefix || path.startsWith(`${prefix}/`);
    // The URL for paths and methods without a route; the route in case it reads the URL otherwise.
    app.decorate(
      'isLocalOnly',
      ({ url, routeOptions }) => isBelow(pathOf(url)) || isBelow(routeOptions.url),
    );
    app.decorate(
      'isHidden',
      (request) =>
        app.isLocalOnly(request) && !isLocalRequest(request.socket.remoteAddress, request.headers),
    );

    // Not onRequest, because the rate limit counts refused requests, too.
    app.addHook('preParsing', (request, reply, payload, done) => {
      if (!app.isLocalOnly(request)) return done(null, payload);
      if (app.isHidden(request)) return done(new ApiError('not_found'));
      reply.header('cross-origin-resource-policy', 'same-origin');
      done(null, payload);
    });
  },
  { name: 'local-access' },
);

/** The path of a URL as the router reads it: decoded, and without the origin of a proxy's request. */
function pathOf(url: string): string {
  const [path = ''] = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    // The router refuses it.
    return path;
  }
}
