import { MailError, type Mailer } from './mailer.js';

/** Used in production without a mail server: sending fails instead of losing mail silently. */
export const missingMailer: Mailer = {
  available: false,
  async send() {
    throw new MailError('SMTP_URL is not set: this service cannot send mail.');
  },
};
