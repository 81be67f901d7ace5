import type { NotificationSettingsUpdate } from '#schemas/notification-settings.js';
import type { ActingContext } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import { recordDifference } from '#src/audit/audit.js';
import { lockUser } from '#src/db/lock-user.js';
import { inTransaction } from '#src/db/transaction.js';
import { differences } from '#src/lib/differences.js';
import { entityTag } from '#src/lib/entity-tag.js';
import * as store from '#src/work/stores/notification-settings.js';

/** Returns how the viewer is told of things. */
export function readSettings({ db, viewer }: ActingContext): Promise<store.SettingsRow> {
  return store.findSettings(db, viewer.id);
}

/**
 * Changes the given settings of the viewer, for what happens from then on.
 *
 * @throws ApiError precondition_failed
 */
export function changeSettings(
  context: ActingContext,
  body: NotificationSettingsUpdate,
): Promise<store.SettingsRow> {
  return inTransaction(context, async (trx) => {
    const { id } = trx.viewer;
    // There may be no row yet that could be locked.
    await lockUser(trx.db, id);
    const stored = await store.findSettings(trx.db, id);
    await assertUnchanged(trx, stored, () => settingsTag(stored));
    const { version: _, updated_at: __, ...before } = stored;
    const changes = differences(before, body);
    if (Object.keys(changes).length === 0) return stored;
    const after = { ...before, ...changes };
    const updated_at = trx.now.toISOString();
    await store.storeSettings(trx.db, id, { ...after, updated_at });
    await recordDifference(trx, { action: 'notification_settings.change', id }, { before, after });
    return { ...after, updated_at, version: stored.version + 1 };
  });
}

export function settingsTag({ version }: store.SettingsRow): string {
  return entityTag(version, 'full');
}
