import fp from 'fastify-plugin';
import type { LoginLimits } from '#src/access/context.js';
import type { PasswordCost } from '#src/lib/password-cost.js';
import { preparePasswords } from '#src/people/services/passwords.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Limits of login throttling. */
    loginLimits: LoginLimits;
    /** The cost of hashing a password. */
    passwordCost: PasswordCost;
  }
}

/** Provides the limits of login throttling and the cost of hashing, and prepares verification. */
export default fp<LoginLimits & { cost: PasswordCost }>(
  async (app, { perAccount, perAddress, cost }) => {
    app.decorate('loginLimits', { perAccount, perAddress });
    app.decorate('passwordCost', cost);
    app.addHook('onReady', () => preparePasswords(cost));
  },
  { name: 'passwords' },
);
