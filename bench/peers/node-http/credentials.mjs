// Session cookies and API keys by hand.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { verify } from '@node-rs/argon2';
import { viewerOf } from '#shared/bearer.mjs';
import { inTransaction, rowsOf } from '#shared/database.mjs';

const SECRET = process.env.SECRET_KEY;
const NAME = '__Host-althing_session';
const SESSION_MS = 30 * 24 * 3600 * 1000;
const LIFETIME_MS = 30 * 60 * 1000;

/** A request without a credential is anonymous; one with a wrong credential is refused. */
export async function mayPass({ headers }) {
  if (headers.authorization !== undefined) return (await viewerOf(headers.authorization)) !== null;
  if (headers['x-api-key'] !== undefined) return hasKey(headers['x-api-key']);
  if (headers.cookie !== undefined) return hasSession(headers.cookie);
  return true;
}

async function hasKey(key) {
  const [user] = await rowsOf('api-key', [sha256(key)]);
  if (!user?.is_active) return false;
  return user.expires_at === null || Date.parse(user.expires_at) > Date.now();
}

async function hasSession(cookies) {
  const cookie = cookies.split('; ').find((each) => each.startsWith(`${NAME}=`));
  if (cookie === undefined) return true;
  const value = decodeURIComponent(cookie.slice(NAME.length + 1));
  const end = value.lastIndexOf('.');
  const [id, signature] = [value.slice(0, end), Buffer.from(value.slice(end + 1))];
  const expected = Buffer.from(signatureOf(id));
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return false;
  const now = Date.now();
  const from = new Date(now - SESSION_MS);
  const [session] = await rowsOf('session', [sha256(id), new Date(now), from, true]);
  return session !== undefined;
}

/** Checks a password and starts a session; returns its cookie, or null. */
export async function signIn({ username, password }, address, agent) {
  const [user] = await rowsOf('login-user', [username.toLowerCase()]);
  if (!user?.is_active || !(await verify(user.password_hash, password))) return null;
  const id = randomBytes(24).toString('base64url');
  const now = new Date();
  await inTransaction(async (client) => {
    await rowsOf('login-time', [now, user.id], client);
    const values = [sha256(id), user.id, address, agent, now, new Date(+now + LIFETIME_MS)];
    const [session] = await rowsOf('session-insert', values, client);
    const after = JSON.stringify({ kind: 'cookie', remember: false, user_agent: agent });
    const entry = [now, user.id, null, 'session.begin', 'session', String(session.id), address];
    await rowsOf('audit-insert', [...entry, null, null, after], client);
  });
  const value = encodeURIComponent(`${id}.${signatureOf(id)}`);
  return `${NAME}=${value}; Path=/; HttpOnly; Secure; SameSite=Lax`;
}

function signatureOf(id) {
  return createHmac('sha256', SECRET).update(id).digest('base64').replaceAll('=', '');
}

function sha256(text) {
  return createHash('sha256').update(text).digest();
}
