import { inTransaction } from '#src/db/transaction.js';
import { mintSecret } from '#src/people/lib/random-secrets.js';
import { type Credentials, lockCredentials } from '#src/people/stores/accounts.js';
import { type EmailTokenPurpose, replaceEmailToken } from '#src/people/stores/email-tokens.js';
import type { JobContext } from '#src/queue/task.js';

const MINUTE_MS = 60 * 1000;

export interface WantedToken {
  userId: number;
  purpose: EmailTokenPurpose;
  email: string;
  minutes: number;
  /** Whether the user, as they are now, should have it. */
  isRightFor(user: Credentials): boolean;
}

/**
 * A token that is about to be sent, in place of the one before; null if the user should have none.
 * The user is locked meanwhile: whoever changes the password or the address makes tokens worthless,
 * those that are there, and those that are on their way.
 */
export function mintEmailToken(
  { db, clock }: Pick<JobContext, 'db' | 'clock'>,
  { userId, purpose, email, minutes, isRightFor }: WantedToken,
): Promise<string | null> {
  return inTransaction({ db }, async ({ db: trx }) => {
    const user = await lockCredentials(trx, userId);
    if (user === null || !user.is_active || !isRightFor(user)) return null;
    const { secret, hash } = mintSecret();
    const now = clock();
    await replaceEmailToken(trx, {
      token_hash: hash,
      user_id: userId,
      purpose,
      email,
      created_at: now.toISOString(),
      expires_at: new Date(now.getTime() + minutes * MINUTE_MS).toISOString(),
    });
    return secret;
  });
}
