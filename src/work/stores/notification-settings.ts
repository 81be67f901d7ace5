import {
  DEFAULT_DELIVERIES,
  type Delivery,
  type NotificationSettings,
} from '#schemas/notification-settings.js';
import type { NotificationKind } from '#schemas/notifications.js';
import type { Database } from '#src/db/database.js';

export interface SettingsRow extends NotificationSettings {
  version: number;
}

/** The values that are written. */
export type SettingsValues = Omit<NotificationSettings, 'updated_at'> & { updated_at: string };

/** Returns the settings of a user: the defaults, if none are stored. */
export async function findSettings(db: Database, userId: number): Promise<SettingsRow> {
  const row = await db
    .selectFrom('notification_settings')
    .select(['deliveries', 'language', 'version', 'updated_at'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (row === undefined) {
    return { ...DEFAULT_DELIVERIES, language: 'en', version: 1, updated_at: null };
  }
  const { deliveries, ...others } = row;
  return { ...DEFAULT_DELIVERIES, ...deliveries, ...others };
}

/** Stores the settings of a user, as far as they differ from the defaults. */
export async function storeSettings(
  trx: Database,
  user_id: number,
  { language, updated_at, ...deliveries }: SettingsValues,
): Promise<void> {
  const chosen = Object.entries(deliveries).filter(
    ([kind, delivery]) => DEFAULT_DELIVERIES[kind as NotificationKind] !== delivery,
  );
  const values = {
    deliveries: Object.fromEntries(chosen) as Partial<Record<NotificationKind, Delivery>>,
    language,
    updated_at,
  };
  await trx
    .insertInto('notification_settings')
    .values({ user_id, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .execute();
}
