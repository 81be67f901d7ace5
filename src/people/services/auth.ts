import type { Login } from '#schemas/auth.js';
import type { ActingContext, Context } from '#src/access/context.js';
import type { Viewer } from '#src/access/viewer.js';
import { recordRefusal } from '#src/audit/refusals.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { REDACTED } from '#src/lib/redact.js';
import {
  type Credentials,
  findCredentials,
  findCredentialsById,
  lockCredentials,
} from '#src/people/stores/accounts.js';
import { type Throttle, throttled } from '#src/throttling/throttling.js';
import { findDevice } from './devices.js';
import { accountThrottle, ipAddressThrottle, knownClientThrottle } from './login-throttling.js';
import { renewHash, verifyPassword } from './passwords.js';

/** A user who has just authenticated, with the stored hash of their password. */
export type AuthenticatedUser = Omit<Viewer, 'credential'> & { passwordHash: string };

/**
 * Returns the user with this username or email address and password.
 *
 * Failures are counted for the account and the network of the client. A client that is known to
 * belong to the account, by the session of its cookie or by its device, has a count of its own
 * instead: others who guess passwords do not delay it.
 *
 * @param device the secret of the client's device, if it has presented one
 * @param context on the pool, not in a transaction: failures are counted even if the request fails
 * @throws ApiError invalid_credentials if the user is unknown, has no password or is inactive, or
 *   the password is wrong: the same error after the same work in every case; too_many_attempts,
 *   likewise in every case
 */
export async function authenticate(
  context: Context,
  login: Pick<Login, 'username' | 'password'>,
  device: string | null,
): Promise<AuthenticatedUser> {
  const known = await findCredentials(context.db, login.username);
  const hash = known?.password_hash ?? null;
  const throttles = await loginThrottles(context, login.username, known?.id ?? null, device);
  const user = await throttled(context, throttles, async () => {
    const matches = await verifyPassword(login.password, hash, context.passwordCost);
    if (known === null || hash === null || !matches || !known.is_active) {
      const action = 'account.sign_in_refused';
      await recordRefusal(context, { action, id: known?.id ?? null, subject: login.username });
      throw new ApiError('invalid_credentials');
    }
    return { ...known, password_hash: hash };
  });
  const passwordHash = await renewHash(context, user, login.password);
  const { id, username, role, permissions } = user;
  return { id, username, role, permissions, passwordHash };
}

/**
 * Verifies the viewer's password before a sensitive operation. Failures are counted for the session
 * and recorded.
 *
 * @param context on the pool, not in a transaction: failures are counted even if the request fails
 * @param field name of the body field that contains the password
 * @returns the hash that the password was verified against, for `assertSamePassword`
 * @throws InvalidRequest if the password is wrong; ApiError too_many_attempts
 */
export async function assertPassword(
  context: ActingContext,
  password: string,
  field = 'password',
): Promise<string> {
  const { id } = context.viewer.credential;
  const throttle = knownClientThrottle({ kind: 'session', id }, context.loginLimits);
  return throttled(context, [throttle], async () => {
    const user = await findCredentialsById(context.db, context.viewer.id);
    const hash = user?.password_hash ?? null;
    const matches = await verifyPassword(password, hash, context.passwordCost);
    if (matches && hash !== null) return hash;
    const refusal = { action: 'account.password_refused', id: context.viewer.id } as const;
    await recordRefusal(context, { ...refusal, subject: '' });
    throw new InvalidRequest([valueError('wrong_password', ['body', field], REDACTED)]);
  });
}

/**
 * Locks the viewer's account and checks that its password is still the verified one: it may have
 * been reset meanwhile to lock out this client.
 *
 * @returns the account
 * @throws ApiError user_unavailable if the password has changed or the account is gone
 */
export async function assertSamePassword(
  trx: ActingContext,
  passwordHash: string,
): Promise<Credentials> {
  const user = await lockCredentials(trx.db, trx.viewer.id);
  if (user?.password_hash !== passwordHash) throw new ApiError('user_unavailable');
  return user;
}

/**
 * Returns the limits of a login. Whether the account exists makes no difference to the statements,
 * nor to anybody but its own clients.
 */
async function loginThrottles(
  context: Context,
  username: string,
  userId: number | null,
  device: string | null,
): Promise<Throttle[]> {
  const { viewer, address, loginLimits } = context;
  if (viewer !== null && viewer.id === userId && viewer.credential.kind === 'session') {
    const { id } = viewer.credential;
    return [knownClientThrottle({ kind: 'session', id }, loginLimits)];
  }
  const id = device === null ? null : await findDevice(context, userId, device);
  return id === null
    ? [accountThrottle(`login:${username}`, loginLimits), ipAddressThrottle(address, loginLimits)]
    : [knownClientThrottle({ kind: 'device', id }, loginLimits)];
}
