import { PASSWORD_LENGTH } from '#schemas/passwords.js';
import { validationMessage } from '#src/lib/messages/index.js';
import type { Keyword, Keywords } from '#src/lib/validation/index.js';
import { brokenPasswordRules } from './password-policy.js';

/**
 * `x-password-policy`: reports every rule that a new password breaks as a separate error.
 *
 * @throws Error if the schema's lengths differ from those of the policy
 */
const newPassword: Keyword = ({ minLength, maxLength }) => {
  if (minLength !== PASSWORD_LENGTH.minLength || maxLength !== PASSWORD_LENGTH.maxLength) {
    throw new Error('A schema with x-password-policy must use PASSWORD_LENGTH');
  }
  return (password) =>
    brokenPasswordRules(password).map((rule) => ({
      ...rule,
      msg: validationMessage('en', rule.type, rule.ctx),
    }));
};

/** Custom keywords for user accounts. */
export const passwordKeywords: Keywords = { 'x-password-policy': newPassword };
