import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';

/** A host name, IPv4 address or IPv6 address in brackets, and a port (RFC 3986, section 3.2). */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]{1,255}|\[[\da-f:.]{2,45}\])(?::(\d{0,5}))?$/i;

const MAX_PORT = 65_535;

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The `Host` field. Fastify's own `host` believes `X-Forwarded-Host`, which no part of this
     * service does.
     */
    readonly givenHost: string;
  }
}

/**
 * Rejects a request without a `Host` field, with several, or with an invalid one (RFC 9112, section
 * 3.2), which a proxy in front might read differently.
 */
export default fp(
  async (app) => {
    app.decorateRequest('givenHost', {
      getter(this: FastifyRequest) {
        return this.raw.headers.host ?? '';
      },
    });
    app.addHook('onRequest', ({ raw }, _reply, done) => {
      const { host } = raw.headers;
      // HTTP/1.0 does not require it.
      if (host === undefined && raw.httpVersion === '1.0') return done();
      const isRefused = host === undefined || !isValid(host) || countOf('host', raw.rawHeaders) > 1;
      done(isRefused ? new ApiError('invalid_host') : undefined);
    });
  },
  // A refused request counts, too.
  { name: 'host', dependencies: ['rate-limit'] },
);

function isValid(host: string): boolean {
  const match = HOST.exec(host);
  return match !== null && Number(match[1] ?? 0) <= MAX_PORT;
}

function countOf(name: string, rawHeaders: string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === name.length && rawHeaders[index]?.toLowerCase() === name)
      count += 1;
  }
  return count;
}
