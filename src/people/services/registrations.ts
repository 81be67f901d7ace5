import { createHash } from 'node:crypto';
import type { Registration } from '#schemas/registrations.js';
import type { Context } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
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
import { accountThrottle, ipAddressThrottle, mailThrottle, throttled } from './login-throttling.js';
import { hashPassword, passwordItems, verifyPassword } from './passwords.js';

const HOUR_MS = 60 * 60 * 1000;

/** Registrations with one email address without a delay. */
const FREE_REGISTRATIONS = 20;

/** Maximum number of unconfirmed registrations with one email address. */
export const MAX_WITH_EMAIL = 20;

/** Maximum number of unconfirmed registrations from one network (see `networkOf`). */
export const MAX_FROM_NETWORK = 100;

/** Maximum number of unconfirmed registrations. */
export const MAX_REGISTRATIONS = 10_000;

/** Seconds after which a caller may try again to register from a network that has reached its limit. */
const RETRY_SECONDS = 60 * 60;

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
  const throttle = mailThrottle(email, FREE_REGISTRATIONS);
  const passwordHash = await throttled(context, [throttle], () =>
    hashPassword(password, context.passwordCost),
  );
  const expiresAt = new Date(context.now.getTime() + REGISTRATION_HOURS * HOUR_MS);
  const network = context.address === null ? null : networkOf(context.address);
  const network_hash = network === null ? null : hashOfNetwork(network);
  await assertRoomForJob(context);
  try {
    await inTransaction(context, async (trx) => {
      await store.lockRegistrations(trx.db);
      await assertRoom(trx, { email, network_hash });
      const { usernames } = await findTaken(trx.db, [fold(username)], []);
      if (usernames.size > 0) throw usernameTaken(username);
      const id = await store.insertRegistration(trx.db, {
        username,
        email,
        password_hash: passwordHash,
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
 * this email address.
 *
 * @throws ApiError too_many_mails if requested too often; too_busy if very many jobs wait
 */
export async function resendConfirmation(context: Context, email: string): Promise<void> {
  await assertRoomForJob(context);
  await throttled(context, [mailThrottle(email)], () =>
    enqueue(context.db, 'resend_confirmation', { email, language: context.language }),
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
    if (!matches) throw new ApiError('invalid_credentials');
    return true;
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

/** @throws ApiError too_many_mails; too_many_registrations; too_busy */
async function assertRoom(
  { db, now }: Context,
  registration: Pick<store.NewRegistration, 'email' | 'network_hash'>,
): Promise<void> {
  const pending = await store.countRegistrations(db, registration, now);
  const headers = { 'retry-after': String(RETRY_SECONDS) };
  if (pending.withEmail >= MAX_WITH_EMAIL) throw new ApiError('too_many_mails', { headers });
  if (pending.fromNetwork >= MAX_FROM_NETWORK) {
    throw new ApiError('too_many_registrations', { headers });
  }
  if (pending.total >= MAX_REGISTRATIONS) throw new ApiError('too_busy');
}

function hashOfNetwork(network: string): Buffer {
  return createHash('sha256').update(`registration:${network}`).digest();
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
