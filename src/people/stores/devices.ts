import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** Returns the id of the user's device with this SHA-256, if it was used after `usedAfter`. */
export async function findDevice(
  db: Database,
  userId: number,
  { secretHash, usedAfter }: { secretHash: Buffer; usedAfter: Date },
): Promise<number | null> {
  const row = await db
    .selectFrom('devices')
    .select('id')
    .where('secret_hash', '=', secretHash)
    .where('user_id', '=', userId)
    .where('last_used_at', '>', usedAfter.toISOString())
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Inserts a device of the user. Returns its id. */
export async function insertDevice(
  db: Database,
  userId: number,
  secretHash: Buffer,
  now: Date,
): Promise<number> {
  const at = now.toISOString();
  const { id } = await db
    .insertInto('devices')
    .values({ user_id: userId, secret_hash: secretHash, created_at: at, last_used_at: at })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Records a sign-in from the device. */
export async function recordDeviceUse(db: Database, id: number, now: Date): Promise<void> {
  await db
    .updateTable('devices')
    .set({ last_used_at: now.toISOString() })
    .where('id', '=', id)
    .execute();
}

/**
 * Deletes the user's devices beyond a number, except the newest one. Those that were used once go
 * first: a script that keeps no cookies must not displace the browsers of the user.
 */
export async function deleteSurplusDevices(
  db: Database,
  userId: number,
  { newest, most }: { newest: number; most: number },
): Promise<void> {
  await db
    .deleteFrom('devices')
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('devices')
        .select('id')
        .where('user_id', '=', userId)
        .where('id', '!=', newest)
        .orderBy(sql`last_used_at > created_at`, 'desc')
        .orderBy('last_used_at', 'desc')
        .orderBy('id', 'desc')
        .offset(most - 1),
    )
    .execute();
}

/** Deletes all devices of the user, or all but one. */
export async function deleteDevicesOf(
  db: Database,
  userId: number,
  { except = null }: { except?: number | null } = {},
): Promise<void> {
  let query = db.deleteFrom('devices').where('user_id', '=', userId);
  if (except !== null) query = query.where('id', '!=', except);
  await query.execute();
}

/** Deletes devices that were not used after `until`; returns how many. */
export async function deleteUnusedDevices(db: Database, until: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('devices')
    .where('last_used_at', '<=', until.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
