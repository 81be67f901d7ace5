import { PROJECT_INVITATION_DAYS } from '#schemas/project-invitations.js';
import { inTransaction } from '#src/db/transaction.js';
import { mintSecret } from '#src/lib/random-secrets.js';
import { composeMail } from '#src/mail/mails.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { lockMailedInvitation, updateToken } from '#src/work/stores/project-invitations.js';

/** Sends the mail of an invitation to a project, unless it was withdrawn or accepted meanwhile. */
export const inviteToProject: Task<JobPayloads['invite_to_project']> = async (
  { invitationId, to, language },
  { db, mail, clientUrl },
) => {
  const { secret: token, hash } = mintSecret();
  const invitation = await inTransaction({ db }, async ({ db: trx }) => {
    const found = await lockMailedInvitation(trx, invitationId);
    if (found !== null) await updateToken(trx, invitationId, hash);
    return found;
  });
  if (invitation === null) return;
  const { project, inviter } = invitation;
  const parameters = {
    project,
    inviter: inviter ?? '?',
    token,
    clientUrl,
    days: PROJECT_INVITATION_DAYS,
  };
  await mail.send({ to, ...composeMail('project_invitation', language, parameters) });
};
