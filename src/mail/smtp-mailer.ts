import { createRequire } from 'node:module';
import type * as nodemailer from 'nodemailer';
import { checkMail, MailError, type Mailer } from './mailer.js';

export interface SmtpOptions {
  /** `smtp:` or `smtps:` URL; options in its query are applied, such as `?requireTLS=true`. */
  url: string;
  from: string;
}

/** Milliseconds for each step: DNS lookup, connecting, greeting, and every response. */
const TIMEOUT_MS = 10_000;

/** Messages by the library's error code; other errors are a response or a failed connection. */
const REASONS: Record<string, string> = {
  EAUTH: 'The mail server refused the login',
  ETLS: 'The mail server and this service could not agree on TLS',
};

/**
 * Returns a mailer that sends over SMTP (RFC 5321), with one connection per mail.
 *
 * @see https://nodemailer.com/smtp
 */
export function createSmtpMailer({ url, from }: SmtpOptions): Mailer {
  // Required here, as services without a mail server never need it.
  const { createTransport }: typeof nodemailer = createRequire(import.meta.url)('nodemailer');
  const transport = createTransport({
    url,
    dnsTimeout: TIMEOUT_MS,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    available: true,
    async send(mail) {
      const { to, subject, text } = checkMail(mail);
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: to },
          subject,
          text,
          // Prevents automatic replies (RFC 3834, section 5).
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        // Without the cause, which quotes the server's response, including the email address.
        throw new MailError(describe(error));
      }
    },
  };
}

function describe(error: unknown): string {
  const { code = '', responseCode } = error as { code?: string; responseCode?: number };
  const answer = responseCode === undefined ? '' : ` (${responseCode})`;
  const reason = REASONS[code];
  if (reason !== undefined) return `${reason}${answer}.`;
  return responseCode === undefined
    ? `The mail server cannot be reached${code === '' ? '' : ` (${code})`}.`
    : `The mail server did not take the mail${answer}.`;
}
