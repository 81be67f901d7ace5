import type { Login } from '../../schemas/auth.js';
import type { Database } from '../db/database.js';
import { ApiError } from '../errors.js';
import { findCredentials } from '../stores/accounts.js';
import { accountThrottle, addressThrottle, type GuessLimits, guarded } from './guessing.js';
import { renewHash, verifyPassword } from './passwords.js';
import type { Origin, Viewer } from './viewer.js';

/**
 * The user with this name (or e-mail address) and password.
 *
 * @param db the pool, since attempts are counted whatever becomes of the request
 * @throws ApiError invalid_credentials, the same and after the same work whether the user is
 *   unknown, has no password, may not sign in, or the password is wrong; too_many_attempts, alike
 *   for all of them too
 */
export async function authenticate(
  db: Database,
  login: Pick<Login, 'username' | 'password'>,
  { address, now }: Pick<Origin, 'address' | 'now'>,
  limits: GuessLimits,
): Promise<Omit<Viewer, 'credential'>> {
  const known = await findCredentials(db, login.username);
  const throttles = [
    accountThrottle(known?.id ?? login.username, limits),
    addressThrottle(address, limits),
  ];
  const user = await guarded(db, throttles, now, async () => {
    const matches = await verifyPassword(login.password, known?.password_hash ?? null);
    if (known === null || !matches || !known.is_active) throw new ApiError('invalid_credentials');
    return known;
  });
  await renewHash(db, user, login.password);
  const { id, username, role, permissions } = user;
  return { id, username, role, permissions };
}
