import { parseEmail } from '#src/lib/validation/index.js';

/** A plain-text mail to one recipient. */
export interface Mail {
  to: string;
  /** A single line. */
  subject: string;
  text: string;
}

/** Sends mail. */
export interface Mailer {
  /** Whether mail can be sent; if false, `send` always fails. */
  readonly available: boolean;
  /**
   * Resolves when the mail has been accepted for delivery.
   *
   * @throws MailError if the mail was not accepted
   */
  send(mail: Mail): Promise<void>;
}

/**
 * A mail that could not be sent. The message is one line without personal data: neither the email
 * address nor the mail server's response.
 */
export class MailError extends Error {
  override readonly name = 'MailError';
}

/** Characters that may start a new line: control characters and Unicode line separators. */
const LINE_BREAKING = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** Replaces line breaks with spaces, so a value cannot start a header or paragraph. */
export function onOneLine(text: string): string {
  return text.replace(LINE_BREAKING, ' ').trim();
}

/**
 * Returns the mail with a single-line subject.
 *
 * @throws MailError unless `to` is exactly one email address, in the form that is stored
 */
export function checkMail({ to, subject, text }: Mail): Mail {
  const parsed = parseEmail(to);
  if (!('address' in parsed) || parsed.address !== to) {
    throw new MailError('This is not an address to which mail can be sent.');
  }
  return { to, subject: onOneLine(subject), text };
}
