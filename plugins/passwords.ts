import fp from 'fastify-plugin';
import type { LoginLimits } from '#src/access/context.js';
import { preparePasswords } from '#src/people/services/passwords.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** How often one may be wrong about a password. */
    loginLimits: LoginLimits;
  }
}

/** What every operation relies on that checks a password. */
export default fp<LoginLimits>(
  async (app, { perAccount, perAddress }) => {
    app.decorate('loginLimits', { perAccount, perAddress });
    app.addHook('onReady', preparePasswords);
  },
  { name: 'passwords' },
);
