import type { preHandlerAsyncHookHandler } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import type { Mailer } from '#src/mail/mailer.js';
import { missingMailer } from '#src/mail/missing-mailer.js';
import { Outbox } from '#src/mail/outbox.js';
import { createSmtpMailer } from '#src/mail/smtp-mailer.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Sends mail, from jobs only. If it is not `available`, no mail must be queued. */
    mail: Mailer;
    /** Mails stored in memory instead of being sent; null if mails are sent. */
    outbox: Outbox | null;
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Whether the operation needs mail. Without a mail server it answers 503 mail_not_configured.
     */
    sendsMail?: boolean;
  }
}

export interface MailOptions {
  /** URL of the mail server, as in `SMTP_URL`. */
  url: string | undefined;
  from: string;
  production: boolean;
  /** Overrides all other options. */
  mailer: Mailer | undefined;
}

/**
 * Sends mail over SMTP if a mail server is configured. Otherwise mail is stored in memory or, in
 * production, unavailable.
 */
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
