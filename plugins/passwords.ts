import fp from 'fastify-plugin';
import type { GuessLimits } from '#src/access/viewer.js';
import { preparePasswords } from '#src/people/services/passwords.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** How often one may be wrong about a password. */
    guessLimits: GuessLimits;
  }
}

/** What every operation relies on that checks a password. */
export default fp<GuessLimits>(
  async (app, { perAccount, perAddress }) => {
    app.decorate('guessLimits', { perAccount, perAddress });
    app.addHook('onReady', preparePasswords);
  },
  { name: 'passwords' },
);
