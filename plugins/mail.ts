import type { preHandlerAsyncHookHandler } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import type { Mailer } from '#src/mail/mailer.js';
import { missingMailer } from '#src/mail/missing-mailer.js';
import { Outbox } from '#src/mail/outbox.js';
import { createSmtpMailer } from '#src/mail/smtp-mailer.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The way out for mail; only jobs send it. Where it is not `available`, ask for none. */
    mail: Mailer;
    /** The mails that went nowhere, where `mail` is in memory. */
    outbox: Outbox | null;
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the operation is of no use where no mail can be sent. */
    sendsMail?: boolean;
  }
}

export interface MailOptions {
  /** The mail server, as `SMTP_URL` has it. */
  url: string | undefined;
  from: string;
  production: boolean;
  /** Takes the place of everything else. */
  mailer: Mailer | undefined;
}

/** Mail: over SMTP where there is a server for it, else in memory; in production never in memory. */
export default fp<MailOptions>(
  async (app, options) => {
    const mail = options.mailer ?? createMailer(options, app.clock);
    app.decorate('mail', mail);
    app.decorate('outbox', mail instanceof Outbox ? mail : null);

    app.addHook('onRoute', (route) => {
      if (route.config?.sendsMail !== true || mail.available) return;
      route.preHandler = [refuse, ...[route.preHandler ?? []].flat()];
    });
  },
  { name: 'mail', dependencies: ['request-tracing'] },
);

const refuse: preHandlerAsyncHookHandler = async () => {
  throw new ApiError('mail_not_configured');
};

function createMailer({ url, from, production }: MailOptions, clock: () => Date): Mailer {
  if (url !== undefined) return createSmtpMailer({ url, from });
  return production ? missingMailer : new Outbox(clock);
}
