import { createHash } from 'node:crypto';
import type { Registration } from '#schemas/registrations.js';
import type { Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import { recordRefusal } from '#src/audit/refusals.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, duplicate, InvalidRequest, missingValue, valueError } from '#src/errors.js';
import { fold } from '#src/lib/fold.js';
import { networkOf } from '#src/lib/network.js';
import { REDACTED } from '#src/lib/redact.js';
import * as store from '#src/people/stores/registrations.js';
import { findTaken, insertUser } from '#src/people/stores/user-changes.js';
import { type FullUser, hasUsers } from '#src/people/stores/users.js';
import { assertRoomForJob } from '#src/queue/jobs.js';
import { enqueue } from '#src/queue/store.js';
import { mailThrottles, throttled } from '#src/throttling/throttling.js';
import { accountThrottle, ipAddressThrottle } from './login-throttling.js';
import { hashPassword, passwordItems, verifyPassword } from './passwords.js';

const HOUR_MS = 60 * 60 * 1000;

/**
 * Registrations with one email address without a delay. Networks that share `MAX_WITH_EMAIL` evenly
 * need about ten to use up the total.
 */
const MAIL_LIMITS = { kind: 'mail:register', perNetwork: 20, total: 60 };

/**
 * Maximum number of unconfirmed registrations with one email address. Beyond it, a network that has
 * fewer than another takes the place of that one's oldest, so nobody can keep the owner of the email
 * address from registering.
 */
export const MAX_WITH_EMAIL = 20;

/** Maximum number of unconfirmed registrations from one network (see `networkOf`). */
export const MAX_FROM_NETWORK = 100;

/** Maximum number of unconfirmed registrations. */
export const MAX_REGISTRATIONS = 10_000;

/** Hours until an unconfirmed registration expires and its username becomes available again. */
export const REGISTRATION_HOURS = 24;

/**
 * Stores a registration and queues the mail to confirm it. The account is created on confirmation.
 * The work does not depend on whether the email address is known, so neither the response nor its
 * timing reveals it.
 *
 * @param maxUsers number of users from which registration is closed; 0 closes it
 * @throws InvalidRequest if the password breaks a rule, the passwords differ or the terms are not
 *   accepted; ApiError registration_closed; duplicate if the username is taken (usernames are
 *   public); too_many_mails; too_many_registrations from one network; too_busy if very many
 *   registrations or jobs wait
 */
export async function register(
  context: Context,
  registration: Registration,
  maxUsers: number,
): Promise<void> {
  if (maxUsers === 0 || (await hasUsers(context.db, maxUsers))) {
    throw new ApiError('registration_closed');
  }
  assertAcceptable(registration);
  const { username, email, password } = registration;
  const throttles = mailThrottles(email, context.address, MAIL_LIMITS);
  await throttled(context, throttles, async () => {
    const passwordHash = await hashPassword(password, context.passwordCost);
    await assertRoomForJob(context);
    await storeRegistration(context, { username, email, password_hash: passwordHash });
  });
}

async function storeRegistration(
  context: Context,
  registration: Pick<store.NewRegistration, 'username' | 'email' | 'password_hash'>,
): Promise<void> {
  const { username, email } = registration;
  const expiresAt = new Date(context.now.getTime() + REGISTRATION_HOURS * HOUR_MS);
  const network_hash = networkHashOf(context);
  try {
    await inTransaction(context, async (trx) => {
      await store.lockRegistrations(trx.db);
      // Registering again replaces one's own. From another network it does not, because the answer
      // would reveal the email address of a pending username.
      await store.deleteSameRegistration(trx.db, { username, email, network_hash });
      await makeRoom(trx, { email, network_hash });
      const { usernames } = await findTaken(trx.db, [fold(username)], []);
      if (usernames.size > 0) throw usernameTaken(username);
      const id = await store.insertRegistration(trx.db, {
        ...registration,
        network_hash,
        created_at: context.now.toISOString(),
        expires_at: expiresAt.toISOString(),
      });
      await enqueue(trx.db, 'confirm_registration', { id, language: context.language });
      const after = { username, registration: id };
      await record(trx, { action: 'account.register', id: null, after });
    });
  } catch (error) {
    throw toPostgresFailure(error)?.kind === 'duplicate' ? usernameTaken(username, error) : error;
  }
}

/**
 * Queues the confirmation mail again. It is sent only if there is an unconfirmed registration with
 * this email address; if there are several, for those from the client's network first.
 *
 * @throws ApiError too_many_mails if requested too often; too_busy if very many jobs wait
 */
export async function resendConfirmation(context: Context, email: string): Promise<void> {
  await assertRoomForJob(context);
  const network = networkHashOf(context)?.toString('hex') ?? null;
  await throttled(context, mailThrottles(email, context.address), () =>
    enqueue(context.db, 'resend_confirmation', { email, network, language: context.language }),
  );
}

/**
 * Verifies the password of the registration that the token confirms.
 *
 * @returns false if the token confirms no registration
 * @param context on the pool, not in a transaction: failures are counted even if the request fails
 * @throws InvalidRequest if the password is missing; ApiError invalid_credentials if it is wrong;
 *   too_many_attempts
 */
export async function assertRegistrant(
  context: Context,
  tokenHash: Buffer,
  password: string | undefined,
): Promise<boolean> {
  const { db, now, address, loginLimits, passwordCost } = context;
  const registration = await store.findRegistrationByToken(db, tokenHash, now);
  if (registration === null) return false;
  if (password === undefined) throw new InvalidRequest([missingValue(['body', 'password'])]);
  const throttles = [
    accountThrottle(`registration:${registration.id}`, loginLimits),
    ipAddressThrottle(address, loginLimits),
  ];
  return throttled(context, throttles, async () => {
    const matches = await verifyPassword(password, registration.password_hash, passwordCost);
    if (matches) return true;
    const subject = `registration:${registration.id}`;
    await recordRefusal(context, { action: 'account.password_refused', id: null, subject });
    throw new ApiError('invalid_credentials');
  });
}

/**
 * Creates the user of the registration that the token confirms, whose password was verified.
 *
 * @returns the user, or null if the token confirms no registration
 * @throws ApiError duplicate if the username or email address has been taken meanwhile
 */
export async function confirmRegistration(
  trx: Context,
  tokenHash: Buffer,
): Promise<FullUser | null> {
  const registration = await store.takeRegistration(trx.db, tokenHash, trx.now);
  if (registration === null) return null;
  const { id, username, email, password_hash } = registration;
  const verified = { email_verified_at: trx.now.toISOString() };
  try {
    const user = await insertUser(trx.db, { username, email, password_hash, ...verified });
    const after = { username, email, registration: id };
    await record(trx, { action: 'account.verify', id: user.id, actorId: user.id, after });
    return user;
  } catch (error) {
    const answer = toPostgresFailure(error);
    if (answer?.kind !== 'duplicate') throw error;
    const input = answer.field === 'email' ? email : username;
    throw duplicate([{ loc: ['body', 'token', answer.field], input }], error);
  }
}

/**
 * Makes room for a registration, if it may take the place of another.
 *
 * @throws ApiError too_many_mails; too_many_registrations; too_busy
 */
async function makeRoom(
  { db, now }: Context,
  registration: Pick<store.NewRegistration, 'email' | 'network_hash'>,
): Promise<void> {
  const pending = await store.countRegistrations(db, registration, now);
  if (pending.fromNetwork >= MAX_FROM_NETWORK) {
    throw new ApiError('too_many_registrations', retryAt(pending.networkExpiry, now));
  }
  if (pending.total >= MAX_REGISTRATIONS) throw new ApiError('too_busy');
  if (pending.withEmail < MAX_WITH_EMAIL) return;
  if (await store.displaceRegistration(db, registration, now)) return;
  throw new ApiError('too_many_mails', retryAt(pending.emailExpiry, now));
}

/** @param expiry when the first registration expires */
function retryAt(expiry: string | null, now: Date): { headers: { 'retry-after': string } } {
  const seconds = expiry === null ? 1 : Math.ceil((Date.parse(expiry) - now.getTime()) / 1000);
  return { headers: { 'retry-after': String(Math.max(1, seconds)) } };
}

function networkHashOf({ address }: Context): Buffer | null {
  if (address === null) return null;
  return createHash('sha256')
    .update(`registration:${networkOf(address)}`)
    .digest();
}

function assertAcceptable({
  password,
  confirm_password,
  agree_terms,
  ...owner
}: Registration): void {
  const items = passwordItems(password, owner, 'password');
  if (confirm_password !== password) {
    items.push(valueError('passwords_differ', ['body', 'confirm_password'], REDACTED));
  }
  if (!agree_terms) {
    items.push(valueError('terms_not_accepted', ['body', 'agree_terms'], agree_terms));
  }
  if (items.length > 0) throw new InvalidRequest(items);
}

function usernameTaken(username: string, cause?: unknown): Error {
  return duplicate([{ loc: ['body', 'username'], input: username }], cause);
}
