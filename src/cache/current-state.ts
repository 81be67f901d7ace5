import { randomUUID } from 'node:crypto';
import { ChannelListener, type ChannelListenerOptions } from '#src/db/channel-listener.js';

export type CurrentStateOptions = Pick<
  ChannelListenerOptions,
  'url' | 'connectTimeout' | 'name' | 'channel' | 'notify' | 'log' | 'outages'
> & {
  /** Called when a change is announced, or may have been missed. */
  onChange?: () => void;
};

/** The current state of the database, identified by a name. */
export interface State {
  readonly name: string;
  /** Whether values may be stored and served under this name. */
  readonly isCertain: boolean;
}

/**
 * Tracks the current state of the database by a name that all processes share. Cached values are
 * stored under it.
 *
 * On commit, each change announces a new, unique name on a channel; the last name received is the
 * current one. Values cached under it are up to date immediately for clients of the process that
 * made the last change, and within milliseconds, once the notification arrives, for clients of the
 * others. Why this is correct:
 *
 * - PostgreSQL delivers notifications in commit order, the same to every process. A value read
 *   after a name was received includes every change up to that one, so processes may share it. A
 *   slow reader that is overtaken by a change stores its value under the former name, which is no
 *   longer used.
 * - A process that is not listening, or has just started to, may have missed a change. It is
 *   certain only after receiving a name that it announced itself, which also makes all other
 *   processes start over.
 * - The name of a local change may arrive shortly after the response to that change. Until an echo
 *   sent after the change returns, this process is not certain. Names of older changes that arrive
 *   in between do no harm, because they precede the echo.
 *
 * A silently dead connection is detected after seven seconds. Until then, changes by other
 * processes are missed, but no local ones.
 */
export class CurrentState {
  readonly #listener: ChannelListener;
  readonly #onChange: () => void;
  /** The last name received; null while a change may have been missed. */
  #heard: string | null = null;
  /** The name announced when listening began. */
  #announced = '';
  /** A unique name, used while not certain. */
  #stopgap = randomUUID();
  /** Number of local changes whose notifications may not have arrived yet. */
  #unheard = 0;
  #confirming: Promise<void> | null = null;
  #isStarted = false;

  constructor({ onChange = () => undefined, ...options }: CurrentStateOptions) {
    this.#onChange = onChange;
    this.#listener = new ChannelListener({
      ...options,
      onUp: () => this.#announce(),
      onMessage: (name) => this.#begin(name),
      onLost: () => this.#forget(),
    });
  }

  /** Starts listening, unless already started. It takes a moment until the state is certain. */
  start(): void {
    this.#isStarted = true;
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

  /** Must be called after a possible local change, before the response is sent. */
  invalidate(): void {
    // Nothing has been read yet.
    if (!this.#isStarted) return;
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
    this.#onChange();
  }

  #forget(): void {
    this.#stopgap = randomUUID();
    this.#heard = null;
    this.#onChange();
  }

  async #confirm(): Promise<void> {
    while (this.#unheard > 0) {
      const [before, announced] = [this.#unheard, this.#announced];
      try {
        await this.#listener.echo();
        this.#unheard -= before;
      } catch {
        // An echo may fail late, on a connection that has been replaced: then the new one is asked.
        // Otherwise there is no connection, and the next one announces a name after these changes.
        if (this.#announced !== announced) continue;
        this.#forget();
        this.#unheard = 0;
      }
    }
    this.#confirming = null;
  }
}
