import type { Database } from '#src/db/database.js';
import type { UnitOfWork } from '#src/db/transaction.js';
import type { Language } from '#src/lib/messages/index.js';
import { PASSWORD_COST, type PasswordCost } from '#src/lib/password-cost.js';
import type { Viewer } from './viewer.js';

/** Number of wrong passwords without a delay; each further failure doubles the delay. */
export interface LoginLimits {
  perAccount: number;
  perAddress: number;
}

/**
 * Milliseconds after its start at which a session ends, however often it is used: with a cookie, and
 * with tokens.
 */
export interface SessionLimits {
  cookie: number;
  token: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The caller, time, client and connection of a call; every service takes it as first argument. */
export interface Context {
  /** The pool; within a transaction and after one of the same request, that transaction. */
  readonly db: Database;
  /** The transaction of the request, which `inTransaction` joins; null for reads and jobs. */
  readonly unitOfWork: UnitOfWork | null;
  /** The authenticated user, or null. */
  readonly viewer: Viewer | null;
  readonly now: Date;
  /** The IP address of the client; null for jobs and commands. */
  readonly address: string | null;
  readonly requestId: string | null;
  /** The name that the client gave itself, for events; null without one. */
  readonly clientId: string | null;
  /** Whether the service sends mail. If not, no mail must be queued. */
  readonly canMail: boolean;
  /** The language of mails and error messages. */
  readonly language: Language;
  /** The `If-Match` field of the request (RFC 9110, section 13.1.1). */
  readonly ifMatch: string | undefined;
  readonly loginLimits: LoginLimits;
  readonly sessionLimits: SessionLimits;
  /** The cost of hashing a password. */
  readonly passwordCost: PasswordCost;
  /** Logs a fault that must not make the call fail. */
  readonly report: (fault: unknown, message: string) => void;
}

/** The context of an authenticated user. */
export interface ActingContext extends Context {
  readonly viewer: Viewer;
}

/** The context of a job or a command: the audit log names no actor. */
export function systemContext(db: Database, now = new Date()): Context {
  return {
    db,
    unitOfWork: null,
    viewer: null,
    now,
    address: null,
    requestId: null,
    clientId: null,
    canMail: false,
    language: 'en',
    ifMatch: undefined,
    loginLimits: { perAccount: 0, perAddress: 0 },
    sessionLimits: { cookie: 30 * DAY_MS, token: 90 * DAY_MS },
    passwordCost: PASSWORD_COST,
    report: (fault, message) => process.emitWarning(`${message}: ${fault}`),
  };
}
