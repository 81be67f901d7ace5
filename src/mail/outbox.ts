import { checkMail, type Mail, type Mailer } from './mailer.js';

/** A mail that was kept instead of sent. */
export interface KeptMail extends Mail {
  id: number;
  /** ISO 8601 in UTC. */
  sent_at: string;
}

/** Maximum number of mails kept; the oldest are dropped. */
const KEPT = 100;

/** Keeps mail in memory instead of sending it, for development and tests. */
export class Outbox implements Mailer {
  readonly available = true;
  readonly #clock: () => Date;
  readonly #mails: KeptMail[] = [];
  #count = 0;

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  async send(mail: Mail): Promise<void> {
    this.#count += 1;
    this.#mails.unshift({
      id: this.#count,
      sent_at: this.#clock().toISOString(),
      ...checkMail(mail),
    });
    this.#mails.length = Math.min(this.#mails.length, KEPT);
  }

  /** The kept mails, newest first. */
  get mails(): readonly KeptMail[] {
    return this.#mails;
  }
}
