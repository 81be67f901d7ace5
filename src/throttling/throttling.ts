import { createHash } from 'node:crypto';
import type { Context } from '#src/access/context.js';
import { ApiError, InvalidRequest } from '#src/errors.js';
import { foldEmail } from '#src/lib/fold.js';
import { networkOf } from '#src/lib/network.js';
import * as store from './store.js';

/** Seconds after the last failure until failures are forgotten; also the longest delay. */
export const WINDOW_SECONDS = 15 * 60;

const FIRST_DELAY_SECONDS = 1;

/** Limits of mails to one email address. */
interface MailLimits {
  /** Separates the counts of mails that must not use up each other's limits. */
  kind: string;
  /** Mails without a delay that one network can cause. */
  perNetwork: number;
  /** Mails without a delay that all networks together can cause. */
  total: number;
}

/** Limits of mails other than those that confirm registrations. */
const MAIL_LIMITS: MailLimits = { kind: 'mail', perNetwork: 3, total: 10 };
const MAIL_DELAY_SECONDS = 60;

/**
 * Maximum number of stored counters. Beyond it, the oldest are deleted, those that impose a delay
 * last: whoever invents a name for each attempt must not fill the table.
 */
export const MAX_THROTTLES = 100_000;

/** Number of counters that a process adds before it deletes the excess. */
export const ADDED_AT_MOST = 200;

/** Counters that this process has added since it last deleted the excess. */
let added = 0;

/** A counter of attempts, with its limits. */
export interface Throttle {
  /**
   * Purpose and subject of the counter, such as `mail:ada@example.org`. Stored as a SHA-256 only.
   */
  key: string;
  /** Number of failures without a delay. */
  free: number;
  /** Delay in seconds after the last free failure; doubles with each further one. Default: 1. */
  firstWait?: number;
  /**
   * Effect of a success: `forget` resets the count; `take_back` undoes this attempt only, so that
   * an attacker cannot reset the count by signing in to their own account; `keep` counts it, for
   * attempts that have a cost of their own, such as a mail.
   */
  onSuccess: 'forget' | 'take_back' | 'keep';
  /** Effect of a refusal. Default: `keep`, which counts it. */
  onRefusal?: 'take_back' | 'keep';
  /** Error code during a delay. Default: `too_many_attempts`. */
  refusal?: 'too_many_attempts' | 'too_many_mails';
}

/**
 * Limits mails to one email address, whether or not it belongs to a user: those that the network of
 * the client causes, and those that all networks cause, which are more. So a mailbox is not flooded,
 * and a stranger cannot use up the limit of its owner.
 *
 * @param address IP address of the client
 */
export function mailThrottles(
  email: string,
  address: string | null,
  { kind, perNetwork, total }: MailLimits = MAIL_LIMITS,
): Throttle[] {
  const key = `${kind}:${foldEmail(email)}`;
  const network = address === null ? '' : networkOf(address);
  const limits = {
    firstWait: MAIL_DELAY_SECONDS,
    onSuccess: 'keep',
    refusal: 'too_many_mails',
  } as const;
  return [
    { ...limits, key: `${key}:${network}`, free: perNetwork },
    // A refused request sends no mail, so it must not count for the others.
    { ...limits, key, free: total, onRefusal: 'take_back' },
  ];
}

/** The part of a context that is needed to count attempts. */
type CountingContext = Pick<Context, 'db' | 'now' | 'report'>;

/**
 * Runs `work`, unless a throttle imposes a delay. The attempt is counted before `work` runs, so
 * concurrent attempts cannot exceed the limit. Only a refusal (an `ApiError` below 500 or an
 * `InvalidRequest`) counts as a failure; any other error takes the attempt back. An attempt
 * rejected during a delay is not counted and does not extend the delay.
 *
 * @param context on the pool: the count must survive the rollback that a failure causes
 * @param work verifies the claim of the caller; what it writes must be complete when it returns
 * @throws ApiError too_many_attempts or too_many_mails with `Retry-After`, before `work` runs; any
 *   error of `work`
 */
export async function throttled<T>(
  context: CountingContext,
  throttles: readonly Throttle[],
  work: () => Promise<T>,
): Promise<T> {
  if (context.db.isTransaction)
    throw new TypeError('Attempts must be counted outside of transactions');
  const counted = await countAttempt(context, throttles);
  try {
    const result = await work();
    await updateCounts(context, counted, ({ onSuccess }) => onSuccess);
    return result;
  } catch (error) {
    const isCounted = isRefusal(error);
    await updateCounts(context, counted, ({ onRefusal }) =>
      isCounted ? (onRefusal ?? 'keep') : 'take_back',
    );
    throw error;
  }
}

interface Counted {
  throttle: Throttle;
  attempt: store.CountedAttempt;
}

/** Counts the attempt under all keys, or under none if any of them imposes a delay. */
async function countAttempt(
  context: CountingContext,
  throttles: readonly Throttle[],
): Promise<Counted[]> {
  const { now } = context;
  const attempts = throttles.map(({ key, free, firstWait = FIRST_DELAY_SECONDS }) => ({
    keyHash: createHash('sha256').update(key).digest(),
    free,
    firstWait,
  }));
  const rows = await store.countAttempts(context.db, attempts, now, WINDOW_SECONDS);
  added += rows.filter(({ previous }) => previous === null).length;
  if (added >= ADDED_AT_MOST) await deleteExcess(context);
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
  await updateCounts(context, counted, () => 'take_back');
  const until = await store.findLastBlock(context.db, refused);
  const seconds = until === null ? 0 : Math.ceil((Date.parse(until) - now.getTime()) / 1000);
  throw new ApiError(code, {
    headers: { 'retry-after': String(Math.max(1, seconds)) },
  });
}

async function deleteExcess({ db, now, report }: CountingContext): Promise<void> {
  added = 0;
  try {
    await store.deleteExcessThrottles(db, MAX_THROTTLES, now);
  } catch (error) {
    report(error, 'could not delete old throttles');
  }
}

/**
 * Updates the counts. Errors are only logged: a wrong count does little harm, whereas an error
 * would make completed work look failed.
 */
async function updateCounts(
  context: CountingContext,
  counted: readonly Counted[],
  outcome: (throttle: Throttle) => Throttle['onSuccess'],
): Promise<void> {
  for (const { throttle, attempt } of counted) {
    const effect = outcome(throttle);
    try {
      if (effect === 'forget') await store.forgetAttempts(context.db, attempt.key_hash);
      else if (effect === 'take_back')
        await store.takeBackAttempt(context.db, attempt, context.now);
    } catch (error) {
      context.report(error, 'could not update a throttle');
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof InvalidRequest || (error instanceof ApiError && error.status < 500);
}
