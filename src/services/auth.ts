import type { Login } from '../../schemas/auth.js';
import type { Database } from '../db/database.js';
import { ApiError, InvalidRequest, valueError } from '../errors.js';
import { verifyPassword } from '../lib/passwords.js';
import { REDACTED } from '../lib/redact.js';
import { findCredentials, findCredentialsById } from '../stores/accounts.js';
import type { Viewer } from './viewer.js';

/**
 * The user with this name (or e-mail address) and password.
 *
 * @throws ApiError invalid_credentials, the same and after the same work whether the user is
 *   unknown, has no password, may not sign in, or the password is wrong
 */
export async function authenticate(
  db: Database,
  login: Pick<Login, 'username' | 'password'>,
): Promise<Omit<Viewer, 'credential'>> {
  const user = await findCredentials(db, login.username);
  const matches = await verifyPassword(login.password, user?.password_hash ?? null);
  if (user === null || !matches || !user.is_active) throw new ApiError('invalid_credentials');
  const { id, username, role, permissions } = user;
  return { id, username, role, permissions };
}

/**
 * Makes sure that it is the viewer who is asking, and not somebody at their screen.
 *
 * @throws InvalidRequest if this is not their password; it is not repeated in the answer
 */
export async function assertPassword(
  db: Database,
  viewer: Viewer,
  password: string,
  field = 'password',
): Promise<void> {
  const user = await findCredentialsById(db, viewer.id);
  if (await verifyPassword(password, user?.password_hash ?? null)) return;
  throw new InvalidRequest([valueError('wrong_password', ['body', field], REDACTED)]);
}
