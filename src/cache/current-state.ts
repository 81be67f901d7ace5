import { randomUUID } from 'node:crypto';
import { ChannelListener, type ChannelListenerOptions } from '#src/db/channel-listener.js';

export type CurrentStateOptions = Pick<
  ChannelListenerOptions,
  'url' | 'connectTimeout' | 'channel' | 'notify' | 'log'
>;

/** What readers find now, by its name. */
export interface State {
  readonly name: string;
  /** Whether what is read now may be kept under the name, and what is kept under it be shown. */
  readonly isCertain: boolean;
}

/**
 * Which state of the database readers find, by a name that every process knows it under.
 *
 * Each change says the name of what it leaves behind on a channel, as it commits; the last name that
 * was heard is the current one. What is kept under it is up to date at once for whoever asks the
 * process that made the last change, and for the others as soon as the news of it arrives, which takes
 * milliseconds. Why:
 *
 * - PostgreSQL delivers in the order of the commits, the same to every process. What is read once a
 *   name was heard therefore has everything up to that change, whoever reads, so that processes may
 *   share it. A reader that is slow, and was overtaken by a change, keeps what it found under the
 *   former name, for which nobody asks any more.
 * - A process that does not listen, or not for long, may have missed something: it is certain only
 *   after it has heard a name that it said itself, and which makes all the others begin anew.
 * - The name of a change made here may arrive a moment after whoever made it has their answer. Until
 *   an echo that was sent behind it comes back this process is not certain. Names of older changes
 *   that arrive in between do no harm, since they come before the echo.
 *
 * A connection that dies without a word is noticed after seven seconds. Until then the changes of
 * other processes are missed, but none that was made here.
 */
export class CurrentState {
  readonly #listener: ChannelListener;
  /** The last name that was heard; null while something may have been missed. */
  #heard: string | null = null;
  /** The name that this process said when it began to listen. */
  #announced = '';
  /** Takes the place of a name while it is not certain. */
  #stopgap = randomUUID();
  /** Changes made here of which it is not certain that they have been heard. */
  #unheard = 0;
  #confirming: Promise<void> | null = null;

  constructor(options: CurrentStateOptions) {
    this.#listener = new ChannelListener({
      ...options,
      name: 'althing-changes',
      onUp: () => this.#announce(),
      onMessage: (name) => this.#begin(name),
      onLost: () => this.#forget(),
    });
  }

  /** Begins to listen, if it has not begun. Until then, and for a moment, it is not certain. */
  start(): void {
    this.#listener.start();
  }

  stop(): Promise<void> {
    return this.#listener.stop();
  }

  get(): State {
    return this.#heard !== null && this.#unheard === 0
      ? { name: this.#heard, isCertain: true }
      : { name: this.#stopgap, isCertain: false };
  }

  /** To be called when this process may have changed something, before anyone is told of it. */
  changedHere(): void {
    this.#stopgap = randomUUID();
    this.#unheard += 1;
    this.#confirming ??= this.#confirm();
  }

  #announce(): void {
    this.#announced = randomUUID();
    this.#listener.say(this.#announced).catch(() => undefined);
  }

  #begin(name: string): void {
    this.#stopgap = randomUUID();
    if (this.#heard !== null || name === this.#announced) this.#heard = name;
  }

  #forget(): void {
    this.#stopgap = randomUUID();
    this.#heard = null;
  }

  async #confirm(): Promise<void> {
    while (this.#unheard > 0) {
      const [before, announced] = [this.#unheard, this.#announced];
      try {
        await this.#listener.echo();
        this.#unheard -= before;
      } catch {
        // An echo may fail late, on a connection that has long been replaced: then the new one is
        // asked. Otherwise there is none, and the next is announced behind these changes.
        if (this.#announced !== announced) continue;
        this.#forget();
        this.#unheard = 0;
      }
    }
    this.#confirming = null;
  }
}
