import { inTransaction } from '#src/db/transaction.js';
import { mintSecret } from '#src/lib/random-secrets.js';
import { type Credentials, lockCredentials } from '#src/people/stores/accounts.js';
import { type EmailTokenPurpose, replaceEmailToken } from '#src/people/stores/email-tokens.js';
import type { JobContext } from '#src/queue/task.js';

const MINUTE_MS = 60 * 1000;

export interface EmailTokenRequest {
  userId: number;
  purpose: EmailTokenPurpose;
  email: string;
  minutes: number;
  /** Whether the user may have the token, given their current state. */
  isAllowedFor(user: Credentials): boolean;
}

/**
 * Creates a token to send by mail, replacing the previous one for the same purpose. Returns null if
 * the user may not have one. Locks the user meanwhile, because a change of the password or email
 * address also invalidates tokens that are about to be sent.
 */
export function mintEmailToken(
  { db, clock }: Pick<JobContext, 'db' | 'clock'>,
  { userId, purpose, email, minutes, isAllowedFor }: EmailTokenRequest,
): Promise<string | null> {
  return inTransaction({ db }, async ({ db: trx }) => {
    const user = await lockCredentials(trx, userId);
    if (user === null || !user.is_active || !isAllowedFor(user)) return null;
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
