import type { FastifyInstance } from 'fastify';
import type { KeptMail } from '#src/mail/outbox.js';

/** Runs all due jobs and returns the newest mail. */
export async function lastMail({ app }: { app: FastifyInstance }): Promise<KeptMail | undefined> {
  await app.runJobs();
  return app.outbox?.mails[0];
}

/** Returns the token in the newest mail, or an invalid one if it contains none. */
export async function lastToken(test: { app: FastifyInstance }): Promise<string> {
  const mail = await lastMail(test);
  return /^[\w-]{43}$/m.exec(mail?.text ?? '')?.[0] ?? `no token in ${mail?.text}`;
}
