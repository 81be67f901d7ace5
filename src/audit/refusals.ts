import { createHash } from 'node:crypto';
import type { Context } from '#src/access/context.js';
import { inTransaction } from '#src/db/transaction.js';
import { fold } from '#src/lib/fold.js';
import { networkOf } from '#src/lib/network.js';
import { type AuditRecord, recordOne } from './audit.js';
import * as store from './repeats-store.js';

/**
 * Maximum number of entries that one network can cause within the window; further attempts are
 * counted in one more entry for the whole network.
 *
 * Known and unknown subjects share this limit and the next one: otherwise, the time that an attempt
 * takes while only one of them is exhausted would reveal which subjects exist.
 */
export const MAX_ENTRIES_PER_NETWORK = 20;

/**
 * Maximum number of entries that all networks can cause within the window; further attempts are
 * counted in one more entry for all networks.
 */
export const MAX_ENTRIES = 500;

/** An attempt that was refused. */
export interface Refusal extends Pick<AuditRecord, 'action' | 'id'> {
  /**
   * What a caller without a known subject tried, such as an unknown username. Never logged;
   * distinguishes attempts by a hash that is kept for the time of the window.
   */
  subject: string;
}

type RefusalContext = Pick<Context, 'db' | 'address' | 'requestId' | 'now'>;

/**
 * Records an attempt that was refused, in an entry without an actor. Repeats of the same attempt
 * from the same network within an hour are counted in one entry, and the number of entries within
 * that time is limited, whatever names and networks an attacker uses.
 *
 * @param context on the pool, because a refused request is rolled back
 */
export async function recordRefusal(context: RefusalContext, refusal: Refusal): Promise<void> {
  const attempt = attemptOf(context, refusal);
  if (await store.countRepeat(context.db, attempt)) return;
  await inTransaction(context, async (trx) => {
    await store.lockRepeats(trx.db);
    // A concurrent attempt may have begun the entry meanwhile.
    if (await store.countRepeat(trx.db, attempt)) return;
    const {
      key,
      address = trx.address,
      ...merged
    } = entryFor(attempt, await store.countOpenEntries(trx.db, attempt));
    const { action, id } = refusal;
    const entryId = await recordOne({ ...trx, viewer: null, address }, { action, id, ...merged });
    await store.beginRepeats(trx.db, entryId, attempt, key);
  });
}

function attemptOf(
  { address, now }: RefusalContext,
  { action, id, subject }: Refusal,
): store.Attempt {
  const network = address === null ? null : networkOf(address);
  const [kind, name] = id === null ? ['name', fold(subject)] : ['id', id];
  return {
    action,
    keys: [hashOf([action, network, kind, name]), hashOf([action, network]), hashOf([action])],
    at: now,
  };
}

/** The entry that begins with an attempt. */
interface FirstEntry extends Partial<Pick<AuditRecord, 'id' | 'after'>> {
  key: Buffer;
  address?: null;
}

function entryFor(
  { keys: [attempt, network, action] }: store.Attempt,
  { fromNetwork, total }: store.OpenEntries,
): FirstEntry {
  if (total >= MAX_ENTRIES) {
    const after = { accounts: 'several', networks: 'several' };
    return { key: action, id: null, address: null, after };
  }
  if (fromNetwork >= MAX_ENTRIES_PER_NETWORK) {
    return { key: network, id: null, after: { accounts: 'several' } };
  }
  return { key: attempt };
}

function hashOf(parts: readonly (string | number | null)[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
