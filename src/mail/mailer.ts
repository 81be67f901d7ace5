/** A mail in plain text, to one address. */
export interface Mail {
  to: string;
  /** One line. */
  subject: string;
  text: string;
}

/** The way out for mail. */
export interface Mailer {
  /** Whether there is one at all: without it `send` always fails. */
  readonly available: boolean;
  /**
   * Resolves when the mail has been taken over.
   *
   * @throws MailError if it has not
   */
  send(mail: Mail): Promise<void>;
}

/**
 * A mail that could not be sent. The message is one line and holds nothing personal: no address, and
 * nothing of what the mail server says about it.
 */
export class MailError extends Error {
  override readonly name = 'MailError';
}

/** What could begin a new line somewhere: all control characters, and the separators of Unicode. */
const LINE_BREAKING = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** The text on one line, so that a value in it can neither begin a header nor a paragraph. */
export function onOneLine(text: string): string {
  return text.replace(LINE_BREAKING, ' ').trim();
}

/**
 * The mail as it may leave: a subject that is one line, and a single address.
 *
 * @throws MailError if `to` could be read as anything else than one address
 */
export function checkMail({ to, subject, text }: Mail): Mail {
  if (onOneLine(to) !== to || !/^[^\s<>,;:"()[\]\\]+@[^\s<>,;:"()\\@]+$/u.test(to)) {
    throw new MailError('This is not an address to which mail can be sent.');
  }
  return { to, subject: onOneLine(subject), text };
}
