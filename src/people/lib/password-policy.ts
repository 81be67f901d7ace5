import {
  PASSWORD_LENGTH,
  PASSWORD_RULES,
  PASSWORD_SPECIALS,
  type PasswordRule,
} from '#schemas/passwords.js';
import { isAtLeast, isAtMost } from '#src/lib/code-points.js';
import { validationMessage } from '#src/lib/messages/index.js';
import { containsName, isCommonPassword } from './guessable-passwords.js';

/** The user who is to have a password, as far as it is known. */
export interface PasswordOwner {
  username?: string | undefined;
  nickname?: string | undefined;
  email?: string | null | undefined;
}

/** A broken password rule, with the limit for its message. */
export interface BrokenPasswordRule {
  type: PasswordRule;
  ctx?: Record<string, unknown>;
}

const { minLength, maxLength } = PASSWORD_LENGTH;
const specials = new Set(PASSWORD_SPECIALS);

const HOLDS: Record<PasswordRule, (password: string, owner: PasswordOwner) => boolean> = {
  password_empty: (password) => password !== '',
  password_too_short: (password) => isAtLeast(password, minLength),
  password_too_long: (password) => isAtMost(password, maxLength),
  password_no_upper: (password) => /\p{Lu}/u.test(password),
  password_no_lower: (password) => /\p{Ll}/u.test(password),
  password_no_digit: (password) => /\p{Nd}/u.test(password),
  password_no_special: (password) => [...password].some((letter) => specials.has(letter)),
  // The comparison is costly, and a password that is too long is refused anyway.
  password_too_common: (password) => !isAtMost(password, maxLength) || !isCommonPassword(password),
  password_contains_name: (password, { username = '', nickname = '' }) =>
    ![username, nickname].some((name) => containsName(password, name)),
  password_contains_email: (password, { email }) =>
    !namesIn(email ?? '').some((name) => containsName(password, name)),
};

const CONTEXT: Partial<Record<PasswordRule, Record<string, unknown>>> = {
  password_too_short: { min_length: minLength },
  password_too_long: { max_length: maxLength },
};

/**
 * Returns the rules that the password breaks, in the order of `PASSWORD_RULES`; empty if it is
 * acceptable.
 */
export function brokenPasswordRules(
  password: string,
  owner: PasswordOwner = {},
): BrokenPasswordRule[] {
  return PASSWORD_RULES.filter((type) => !HOLDS[type](password, owner)).map((type) => {
    const ctx = CONTEXT[type];
    return ctx === undefined ? { type } : { type, ctx };
  });
}

/** Same as {@link brokenPasswordRules}, with the English messages of an error. */
export function passwordViolations(
  password: string,
  owner?: PasswordOwner,
): (BrokenPasswordRule & { msg: string })[] {
  return brokenPasswordRules(password, owner).map((rule) => ({
    ...rule,
    msg: validationMessage('en', rule.type, rule.ctx),
  }));
}

/** Returns an email address, its local part, and the local part without a tag (`+tag`). */
function namesIn(email: string): string[] {
  const local = email.slice(0, Math.max(0, email.lastIndexOf('@')));
  const [mailbox = ''] = local.split('+', 1);
  return [email, local, mailbox];
}
