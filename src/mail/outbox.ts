import { checkMail, type Mail, type Mailer } from './mailer.js';

/** A mail that was kept instead of sent. */
export interface KeptMail extends Mail {
  id: number;
  /** ISO 8601 in UTC. */
  sent_at: string;
}

/** Maximum number of mails kept; the oldest are dropped. */
const KEPT = 100;

/** Maximum size of all kept mails in bytes; the oldest are dropped. */
const KEPT_BYTES = 1024 * 1024;

/** Maximum length of a kept text; the rest is cut off. A mail of this service is far shorter. */
const TEXT_LENGTH = 64 * 1024;

/** Maximum length of a kept subject and email address. */
const LINE_LENGTH = 1024;

/** Keeps mail in memory instead of sending it, for development and tests. */
export class Outbox implements Mailer {
  readonly available = true;
  readonly #clock: () => Date;
  readonly #mails: KeptMail[] = [];
  #count = 0;
  #bytes = 0;

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  async send(mail: Mail): Promise<void> {
    const { to, subject, text } = checkMail(mail);
    this.#count += 1;
    const kept = {
      id: this.#count,
      sent_at: this.#clock().toISOString(),
      to: cut(to, LINE_LENGTH),
      subject: cut(subject, LINE_LENGTH),
      text: cut(text, TEXT_LENGTH),
    };
    this.#mails.unshift(kept);
    this.#bytes += sizeOf(kept);
    while (this.#mails.length > KEPT || this.#bytes > KEPT_BYTES) {
      const oldest = this.#mails.pop();
      if (oldest !== undefined) this.#bytes -= sizeOf(oldest);
    }
  }

  /** The kept mails, newest first. */
  get mails(): readonly KeptMail[] {
    return this.#mails;
  }
}

/** The bytes of a mail as JSON, which is how it is shown. */
function sizeOf(mail: KeptMail): number {
  return Buffer.byteLength(JSON.stringify(mail));
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // A surrogate pair is not split.
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length;
  return `${text.slice(0, end)}… (cut off)`;
}
