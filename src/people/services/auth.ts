import type { Login } from '#schemas/auth.js';
import type { ActingContext, Context } from '#src/access/context.js';
import type { Viewer } from '#src/access/viewer.js';
import { record } from '#src/audit/audit.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { REDACTED } from '#src/lib/redact.js';
import {
  findCredentials,
  findCredentialsById,
  lockCredentials,
} from '#src/people/stores/accounts.js';
import { accountThrottle, addressThrottle, type Throttle, throttled } from './login-throttling.js';
import { renewHash, verifyPassword } from './passwords.js';

/** Whoever has just proved who they are, and the hash of the password that proved it. */
export type AuthenticatedUser = Omit<Viewer, 'credential'> & { passwordHash: string };

/**
 * The user with this name (or e-mail address) and password.
 *
 * @param context on the pool: attempts are counted whatever becomes of the request
 * @throws ApiError invalid_credentials, the same and after the same work whether the user is
 *   unknown, has no password, may not sign in, or the password is wrong; too_many_attempts, alike
 *   for all of them too
 */
export async function authenticate(
  context: Context,
  login: Pick<Login, 'username' | 'password'>,
): Promise<AuthenticatedUser> {
  const known = await findCredentials(context.db, login.username);
  const hash = known?.password_hash ?? null;
  const throttles = throttlesOf(`login:${login.username}`, context);
  const user = await throttled(context, throttles, async () => {
    const matches = await verifyPassword(login.password, hash, context.passwordCost);
    if (known === null || hash === null || !matches || !known.is_active) {
      // Whoever carries the cookie of somebody else has no part in it.
      const anonymous = { ...context, viewer: null };
      const action = 'account.sign_in_refused';
      await record(anonymous, { action, id: known?.id ?? null });
      throw new ApiError('invalid_credentials');
    }
    return { ...known, password_hash: hash };
  });
  const passwordHash = await renewHash(context, user, login.password);
  const { id, username, role, permissions } = user;
  return { id, username, role, permissions, passwordHash };
}

/**
 * Makes sure that it is the viewer who is asking, and not somebody at their screen.
 *
 * @param context on the pool: attempts are counted whatever becomes of the request
 * @param field of the body that holds the password
 * @returns the hash that it was checked against, for `assertSamePassword`
 * @throws InvalidRequest if this is not their password; ApiError too_many_attempts
 */
export async function assertPassword(
  context: ActingContext,
  password: string,
  field = 'password',
): Promise<string> {
  return throttled(context, throttlesOf(`viewer:${context.viewer.id}`, context), async () => {
    const user = await findCredentialsById(context.db, context.viewer.id);
    const hash = user?.password_hash ?? null;
    const matches = await verifyPassword(password, hash, context.passwordCost);
    if (matches && hash !== null) return hash;
    throw new InvalidRequest([valueError('wrong_password', ['body', field], REDACTED)]);
  });
}

/**
 * Locks the user, and makes sure that they still have the password that was checked: somebody may
 * have reset it meanwhile, to shut out whoever is asking.
 *
 * @throws ApiError user_unavailable
 */
export async function assertSamePassword(trx: ActingContext, passwordHash: string): Promise<void> {
  const user = await lockCredentials(trx.db, trx.viewer.id);
  if (user?.password_hash !== passwordHash) throw new ApiError('user_unavailable');
}

function throttlesOf(guessed: string, { address, loginLimits }: Context): Throttle[] {
  return [accountThrottle(guessed, loginLimits), addressThrottle(address, loginLimits)];
}
