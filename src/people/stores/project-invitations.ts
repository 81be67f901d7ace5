import type { Database } from '#src/db/database.js';
import { foldEmail } from '#src/lib/fold.js';

/** Deletes the invitations to projects that were mailed to this address. */
export async function deleteInvitationsTo(trx: Database, email: string): Promise<void> {
  await trx
    .deleteFrom('project_invitations')
    .where('email_folded', '=', foldEmail(email))
    .execute();
}
