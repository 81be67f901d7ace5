import { PASSWORD_LENGTH } from '#schemas/passwords.js';
import type { Keyword, Keywords } from '#src/lib/validation/index.js';
import { passwordViolations } from './password-policy.js';

/**
 * `x-password-policy`: reports every rule that a new password breaks as a separate error, except
 * those that depend on the user, which services report in the same way.
 *
 * @throws Error if the schema's lengths differ from those of the policy
 */
const newPassword: Keyword = ({ minLength, maxLength }) => {
  if (minLength !== PASSWORD_LENGTH.minLength || maxLength !== PASSWORD_LENGTH.maxLength) {
    throw new Error('A schema with x-password-policy must use PASSWORD_LENGTH');
  }
  return (password) => passwordViolations(password);
};

/** Custom keywords for user accounts. */
export const passwordKeywords: Keywords = { 'x-password-policy': newPassword };
