import fp from 'fastify-plugin';
import { WINDOW_SECONDS } from '../src/services/guessing.js';
import { deleteOldAnswers } from '../src/stores/idempotency-keys.js';
import { deleteExpiredSessions } from '../src/stores/sessions.js';
import { deleteOldThrottles } from '../src/stores/throttles.js';
import { IDEMPOTENCY_LIFETIME_MS } from './idempotency.js';

const HOUR_MS = 60 * 60 * 1000;

/**
 * Removes, once an hour, what has expired: sessions, answers kept for repeated requests, and the
 * counts of failed attempts.
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
        const sessions = await deleteExpiredSessions(app.db, now);
        const until = new Date(now.getTime() - IDEMPOTENCY_LIFETIME_MS);
        const answers = await deleteOldAnswers(app.db, until);
        const window = new Date(now.getTime() - WINDOW_SECONDS * 1000);
        const throttles = await deleteOldThrottles(app.db, window);
        app.log.debug({ sessions, answers, throttles }, 'removed what has expired');
      } catch (error) {
        app.log.warn({ err: error }, 'could not remove what has expired');
      }
    }
  },
  { name: 'housekeeping', dependencies: ['postgres', 'idempotency'] },
);
