import type { FastifyInstance } from 'fastify';
import type { KeptMail } from '#src/mail/outbox.js';

/** The newest mail, once everything that is to be sent has been. */
export async function lastMail({ app }: { app: FastifyInstance }): Promise<KeptMail | undefined> {
  await app.runJobs();
  return app.outbox?.mails[0];
}

/** The token that the newest mail brought; something that is none if it brought none. */
export async function lastToken(test: { app: FastifyInstance }): Promise<string> {
  const mail = await lastMail(test);
  return /^[\w-]{43}$/m.exec(mail?.text ?? '')?.[0] ?? `no token in ${mail?.text}`;
}
