// Bearer tokens, as the service signs them: one HS256 verification and one statement.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { rowsOf } from './database.mjs';

const SECRET = process.env.JWT_SECRET;
const SESSION_MS = 90 * 24 * 3600 * 1000;

/** Returns the user of a bearer token, or null. */
export async function viewerOf(authorization) {
  const claims = authorization?.startsWith('Bearer ') ? verify(authorization.slice(7)) : null;
  if (claims === null) return null;
  const now = Date.now();
  const [user] = await rowsOf('bearer', [
    claims.sid,
    'token',
    new Date(now).toISOString(),
    new Date(now - SESSION_MS).toISOString(),
    Number(claims.sub),
  ]);
  return user?.is_active && user.session_id !== null ? user : null;
}

function verify(token) {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  const expected = createHmac('sha256', SECRET).update(token.slice(0, end)).digest();
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return null;
  const [, payload] = token.split('.', 2);
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const now = Date.now() / 1000;
  const isOurs = claims.iss === 'althing' && claims.aud === 'althing' && claims.type === 'access';
  return isOurs && claims.exp > now && claims.iat <= now ? claims : null;
}
