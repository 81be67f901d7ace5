import fp from 'fastify-plugin';
import { VISIT_MS } from '#src/articles/services/post-views.js';
import { deleteOldVisits } from '#src/articles/stores/post-views.js';
import { deleteOldAnswers } from '#src/db/idempotency-keys.js';
import { WINDOW_SECONDS } from '#src/people/services/guessing.js';
import { deleteExpiredEmailTokens } from '#src/people/stores/email-tokens.js';
import { deleteExpiredRefreshTokens } from '#src/people/stores/refresh-tokens.js';
import { deleteExpiredRegistrations } from '#src/people/stores/registrations.js';
import { deleteExpiredSessions } from '#src/people/stores/sessions.js';
import { deleteOldThrottles } from '#src/people/stores/throttles.js';
import { deleteFailedJobs } from '#src/queue/store.js';
import { IDEMPOTENCY_LIFETIME_MS } from './idempotency.js';

const HOUR_MS = 60 * 60 * 1000;

/** How long a job that failed for good can still be seen, and run again. */
const FAILED_JOBS_KEPT_MS = 30 * 24 * HOUR_MS;

/**
 * Removes, once an hour, what has expired: sessions, tokens, registrations that nobody confirmed,
 * answers kept for repeated requests, jobs that failed for good, counts of failed attempts, and who has read which post.
 */
export default fp(
  async (app) => {
    let timer: NodeJS.Timeout | undefined;

    app.addHook('onListen', async () => {
      timer = setInterval(tidy, HOUR_MS);
      timer.unref();
    });
    app.addHook('onClose', async () => clearInterval(timer));

    async function tidy(): Promise<void> {
      const now = app.clock();
      try {
        const answersUntil = new Date(now.getTime() - IDEMPOTENCY_LIFETIME_MS);
        const throttlesUntil = new Date(now.getTime() - WINDOW_SECONDS * 1000);
        const failuresUntil = new Date(now.getTime() - FAILED_JOBS_KEPT_MS);
        const removed = {
          sessions: await deleteExpiredSessions(app.db, now),
          refreshTokens: await deleteExpiredRefreshTokens(app.db, now),
          emailTokens: await deleteExpiredEmailTokens(app.db, now),
          registrations: await deleteExpiredRegistrations(app.db, now),
          answers: await deleteOldAnswers(app.db, answersUntil),
          failedJobs: await deleteFailedJobs(app.db, failuresUntil),
          visits: await deleteOldVisits(app.db, new Date(now.getTime() - VISIT_MS)),
          throttles: await deleteOldThrottles(app.db, throttlesUntil),
        };
        app.log.debug(removed, 'removed what has expired');
      } catch (error) {
        app.log.warn({ err: error }, 'could not remove what has expired');
      }
    }
  },
  { name: 'housekeeping', dependencies: ['postgres', 'idempotency'] },
);
