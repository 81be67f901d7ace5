import { createHash } from 'node:crypto';
import type { Context, LoginLimits } from '#src/access/context.js';
import { ApiError, InvalidRequest } from '#src/errors.js';
import { networkOf } from '#src/lib/network.js';
import * as store from '#src/people/stores/throttles.js';

/** Failures are forgotten so many seconds after the last one; no wait is longer. */
export const WINDOW_SECONDS = 15 * 60;

const FIRST_WAIT_SECONDS = 1;

/** How many mails an address gets on demand without a wait, and how long the first wait is then. */
const FREE_MAILS = 3;
const MAIL_WAIT_SECONDS = 60;

/** What attempts are counted under. */
export interface Throttle {
  /** What is guessed at, or from where, beginning with what it is good for. Only its hash is kept. */
  key: string;
  /** Failures that have no consequence. */
  free: number;
  /** Seconds to wait after the last free failure; 1 if left out. Each further failure doubles them. */
  firstWait?: number;
  /**
   * What a success does to the count: it ends it; undoes this attempt, since a guesser must not
   * wipe out failures by signing in to an account of their own; or nothing, where each attempt costs
   * something, as a mail does.
   */
  onSuccess: 'forget' | 'take_back' | 'keep';
  /** What it is called to have to wait; `too_many_attempts` if left out. */
  refusal?: 'too_many_attempts' | 'too_many_mails';
}

/**
 * Guards the password of one account.
 *
 * @param guessed the name or address just as somebody gave it, be it known or not: if the two of one
 *   account shared a count, that would tell which address belongs to which name
 */
export function accountThrottle(guessed: string, { perAccount }: LoginLimits): Throttle {
  return { key: `password:${guessed.toLowerCase()}`, free: perAccount, onSuccess: 'forget' };
}

/** Guards the passwords of all accounts against one guesser, be their address one of many. */
export function addressThrottle(address: string | null, { perAddress }: LoginLimits): Throttle {
  const network = address === null ? '' : networkOf(address);
  return { key: `password:address:${network}`, free: perAddress, onSuccess: 'take_back' };
}

/** Guards an address against being flooded with mail, whoever it belongs to, if to anybody. */
export function mailThrottle(email: string, free: number = FREE_MAILS): Throttle {
  return {
    key: `mail:${email.toLowerCase()}`,
    free,
    firstWait: MAIL_WAIT_SECONDS,
    onSuccess: 'keep',
    refusal: 'too_many_mails',
  };
}

/** What counting attempts needs of a context. */
type CountingContext = Pick<Context, 'db' | 'now' | 'report'>;

/**
 * Does the work, unless one of the throttles says to wait. The attempt is counted before, so that
 * many at once are no way around the limit, and taken back where the work could not be done: only a
 * refusal, which is an `ApiError` below 500 or an `InvalidRequest`, counts as a failure. An attempt
 * that has to wait does not count and makes no wait longer.
 *
 * @param context on the pool: a count must outlast the transaction that a failure rolls back
 * @param work proves that the caller is who they claim to be, and does nothing else
 * @throws ApiError too_many_attempts or too_many_mails with `Retry-After`, before any work; whatever
 *   the work throws
 */
export async function throttled<T>(
  context: CountingContext,
  throttles: readonly Throttle[],
  work: () => Promise<T>,
): Promise<T> {
  if (context.db.isTransaction) throw new TypeError('Attempts are counted outside of transactions');
  const counted = await admit(context, throttles);
  try {
    const result = await work();
    await settle(context, counted, ({ onSuccess }) => onSuccess);
    return result;
  } catch (error) {
    if (!isRefusal(error)) await settle(context, counted, () => 'take_back');
    throw error;
  }
}

interface Counted {
  throttle: Throttle;
  attempt: store.CountedAttempt;
}

/** Counts the attempt under every key, or under none. */
async function admit(context: CountingContext, throttles: readonly Throttle[]): Promise<Counted[]> {
  const { now } = context;
  const attempts = throttles.map(({ key, free, firstWait = FIRST_WAIT_SECONDS }) => ({
    keyHash: createHash('sha256').update(key).digest(),
    free,
    firstWait,
  }));
  const rows = await store.countAttempts(context.db, attempts, now, WINDOW_SECONDS);
  const counted: Counted[] = [];
  const refused: Buffer[] = [];
  let code: NonNullable<Throttle['refusal']> = 'too_many_attempts';
  throttles.forEach((throttle, index) => {
    const keyHash = attempts[index]?.keyHash ?? Buffer.alloc(0);
    const attempt = rows.find(({ key_hash }) => key_hash.equals(keyHash));
    if (attempt === undefined) {
      refused.push(keyHash);
      code = throttle.refusal ?? code;
    } else counted.push({ throttle, attempt });
  });
  if (refused.length === 0) return counted;
  await settle(context, counted, () => 'take_back');
  const until = await store.findLastBlock(context.db, refused);
  const seconds = until === null ? 0 : Math.ceil((Date.parse(until) - now.getTime()) / 1000);
  throw new ApiError(code, {
    headers: { 'retry-after': String(Math.max(1, seconds)) },
  });
}

/** A count that stays by mistake does little harm, and must not make what was done look undone. */
async function settle(
  context: CountingContext,
  counted: readonly Counted[],
  outcome: (throttle: Throttle) => Throttle['onSuccess'],
): Promise<void> {
  for (const { throttle, attempt } of counted) {
    const become = outcome(throttle);
    try {
      if (become === 'forget') await store.forgetAttempts(context.db, attempt.key_hash);
      else if (become === 'take_back')
        await store.takeBackAttempt(context.db, attempt, context.now);
    } catch (error) {
      context.report(error, 'could not update a throttle');
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof InvalidRequest || (error instanceof ApiError && error.status < 500);
}
