import cookie from '@fastify/cookie';
import fp from 'fastify-plugin';
import { oncePer } from '#src/lib/once-per.js';

/** The names of this service's cookies outside of production. */
export const COOKIE_NAMES = {
  session: 'althing_session',
  csrf: 'althing_csrf',
  device: 'althing_device',
} as const;

export type CookieKind = keyof typeof COOKIE_NAMES;

/** What a browser must know of a cookie, apart from its value and lifetime. */
export interface CookieDefinition {
  name: string;
  attributes: { path: '/'; httpOnly: true; sameSite: 'lax'; secure: true | 'auto' };
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the name of a cookie, and the attributes with which it is set and cleared. */
    cookieOf: (kind: CookieKind) => CookieDefinition;
  }
}

export interface CookieOptions {
  production: boolean;
  /** Signs cookies. At least 32 characters. */
  secret: string;
}

const HOUR_MS = 60 * 60 * 1000;

/** Returns the name of a cookie in production. */
export function productionName(kind: CookieKind): string {
  return `__Host-${COOKIE_NAMES[kind]}`;
}

/**
 * Provides cookies. In production, all of them are `Secure`, and those of this service have the
 * prefix `__Host-`: a browser accepts them from this host over https only, so that neither a
 * subdomain nor somebody on the network can plant them (RFC 6265bis, section 4.1.3.2).
 *
 * In production, cookies are `Secure` even if the request appears to have come over plain HTTP: a
 * proxy that is not trusted may speak https to the browser. In case none does, the log says so.
 *
 * @see https://github.com/fastify/fastify-cookie
 */
export default fp<CookieOptions>(
  async (app, { production, secret }) => {
    const secure = production ? true : 'auto';
    app.decorate('cookieOf', (kind) => ({
      name: production ? productionName(kind) : COOKIE_NAMES[kind],
      attributes: { path: '/', httpOnly: true, sameSite: 'lax', secure },
    }));
    // The defaults reach cookies of other plugins, too, also when they are cleared.
    await app.register(cookie, { secret, parseOptions: production ? { secure } : {} });
    if (!production) return;

    const mayWarn = oncePer(HOUR_MS);
    app.addHook('onResponse', (request, reply, done) => {
      const isPlain = reply.hasHeader('set-cookie') && request.protocol !== 'https';
      if (isPlain && mayWarn(app.clock())) app.log.warn(PLAIN_HTTP);
      done();
    });
  },
  { name: 'cookies', dependencies: ['request-tracing'] },
);

const PLAIN_HTTP =
  'A cookie was set over plain HTTP, as far as this service can tell. Browsers keep it only over ' +
  'https, so nobody stays signed in otherwise: put a TLS proxy in front of this service, and set ' +
  'TRUST_PROXY to it';
