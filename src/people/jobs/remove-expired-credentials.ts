import { lastUseOfForgotten } from '#src/people/services/devices.js';
import { deleteUnusedDevices } from '#src/people/stores/devices.js';
import { deleteExpiredEmailTokens } from '#src/people/stores/email-tokens.js';
import { deleteExpiredRefreshTokens } from '#src/people/stores/refresh-tokens.js';
import { deleteExpiredRegistrations } from '#src/people/stores/registrations.js';
import { deleteExpiredSessions } from '#src/people/stores/sessions.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { deleteExcessThrottles, deleteOldThrottles } from '#src/throttling/store.js';
import { MAX_THROTTLES, WINDOW_SECONDS } from '#src/throttling/throttling.js';

/**
 * Deletes expired sessions and tokens, unused devices, unconfirmed registrations and counts of failed
 * attempts.
 */
export const removeExpiredCredentials: Task<JobPayloads['remove_expired_credentials']> = async (
  _payload,
  { db, clock, log },
) => {
  const now = clock();
  const throttlesUntil = new Date(now.getTime() - WINDOW_SECONDS * 1000);
  const removed = {
    sessions: await deleteExpiredSessions(db, now),
    devices: await deleteUnusedDevices(db, lastUseOfForgotten(now)),
    refresh_tokens: await deleteExpiredRefreshTokens(db, now),
    email_tokens: await deleteExpiredEmailTokens(db, now),
    registrations: await deleteExpiredRegistrations(db, now),
    throttles:
      (await deleteOldThrottles(db, throttlesUntil)) +
      (await deleteExcessThrottles(db, MAX_THROTTLES, now)),
  };
  log.debug(removed, 'removed expired credentials');
};
