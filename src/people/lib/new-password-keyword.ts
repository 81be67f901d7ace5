import { PASSWORD_LENGTH } from '#schemas/passwords.js';
import { validationMessage } from '#src/lib/messages/index.js';
import type { Keyword, Keywords } from '#src/lib/validation/index.js';
import { brokenPasswordRules } from './password-policy.js';

/**
 * `x-password-policy`: each rule that a new password breaks is an error of its own, so that people
 * learn all of them at once.
 *
 * @throws Error if the schema promises other lengths than the rules have
 */
const newPassword: Keyword = ({ minLength, maxLength }) => {
  if (minLength !== PASSWORD_LENGTH.minLength || maxLength !== PASSWORD_LENGTH.maxLength) {
    throw new Error('A new password has the lengths of PASSWORD_LENGTH');
  }
  return (password) =>
    brokenPasswordRules(password).map((rule) => ({
      ...rule,
      msg: validationMessage('en', rule.type, rule.ctx),
    }));
};

/** The keywords that the validator is handed for the accounts of people. */
export const passwordKeywords: Keywords = { 'x-password-policy': newPassword };
