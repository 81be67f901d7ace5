import { MailError, type Mailer } from './mailer.js';

/** Stands where production has no mail server: a mail that cannot be sent is a failure, not lost. */
export const missingMailer: Mailer = {
  available: false,
  async send() {
    throw new MailError('SMTP_URL is not set: this service cannot send mail.');
  },
};
