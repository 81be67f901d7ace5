import { createTransport } from 'nodemailer';
import { checkMail, MailError, type Mailer } from './mailer.js';

export interface SmtpOptions {
  /** `smtp:` or `smtps:`; what its query says is believed, such as `?requireTLS=true`. */
  url: string;
  from: string;
}

/** Milliseconds for each of: finding the server, connecting, its greeting, and each of its answers. */
const TIMEOUT_MS = 10_000;

/** What failed, by the code of the library; anything else is an answer, or no connection. */
const REASONS: Record<string, string> = {
  EAUTH: 'The mail server refused the login',
  ETLS: 'The mail server and this service could not agree on TLS',
};

/**
 * Sends mail over SMTP (RFC 5321), each over a connection of its own.
 *
 * @see https://nodemailer.com/smtp
 */
export function createSmtpMailer({ url, from }: SmtpOptions): Mailer {
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
          // So that no holiday notice answers it (RFC 3834, section 5).
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        // Without its cause, which quotes the server, which quotes the address.
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
