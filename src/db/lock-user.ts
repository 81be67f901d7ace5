import type { Database } from './database.js';

/**
 * Locks the user until the transaction ends, so that concurrent requests cannot exceed a limit
 * together.
 */
export async function lockUser(trx: Database, id: number): Promise<void> {
  await trx.selectFrom('users').select('id').where('id', '=', id).forNoKeyUpdate().execute();
}
