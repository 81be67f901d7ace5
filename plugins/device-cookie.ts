import type { FastifyReply, FastifyRequest } from 'fastify';
import { DEVICE_SECONDS } from '#src/people/services/devices.js';

/** Returns the secret of the browser's device cookie, or null if it has none with our signature. */
export function deviceOf(request: FastifyRequest): string | null {
  const cookie = request.cookies[request.server.cookieOf('device').name];
  if (cookie === undefined) return null;
  const { valid, value } = request.unsignCookie(cookie);
  return valid ? value : null;
}

/**
 * Sets the cookie by which the browser is known at its next sign-in. It authenticates nobody: it
 * only keeps wrong passwords of strangers from delaying the browser of an account's owner.
 */
export function setDeviceCookie(reply: FastifyReply, secret: string): void {
  const { name, attributes } = reply.server.cookieOf('device');
  reply.setCookie(name, secret, {
    ...attributes,
    maxAge: DEVICE_SECONDS,
    signed: true,
  });
}
