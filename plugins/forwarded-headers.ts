import fp from 'fastify-plugin';
import { oncePer } from '#src/lib/once-per.js';

/** The headers in which a proxy passes on what it knows of the client's request. */
const NAMES = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'] as const;

const HOUR_MS = 60 * 60 * 1000;

/**
 * Logs a warning, at most once per hour, if requests carry the headers of a proxy although none is
 * trusted: all clients then share the IP address of the proxy, and with it one rate limit. The
 * warning contains no value of a header.
 */
export default fp<{ trustsProxy: boolean }>(
  async (app, { trustsProxy }) => {
    if (trustsProxy) return;
    const mayWarn = oncePer(HOUR_MS);
    app.addHook('onRequest', ({ headers }, _reply, done) => {
      const found = NAMES.filter((name) => headers[name] !== undefined);
      if (found.length === 0 || !mayWarn(app.clock())) return done();
      app.log.warn(
        { headers: found },
        `Requests carry ${found.join(', ')}, which are ignored because no proxy is trusted. If ` +
          'they come from your proxy, set TRUST_PROXY to it: all clients have its IP address ' +
          'until then, and share one rate limit',
      );
      done();
    });
  },
  { name: 'forwarded-headers', dependencies: ['request-tracing'] },
);
