import {
  PASSWORD_LENGTH,
  PASSWORD_RULES,
  PASSWORD_SPECIALS,
  type PasswordRule,
} from '#schemas/passwords.js';
import { isAtLeast, isAtMost } from '#src/lib/code-points.js';

/** A broken password rule, with the limit for its message. */
export interface BrokenPasswordRule {
  type: PasswordRule;
  ctx?: Record<string, unknown>;
}

const { minLength, maxLength } = PASSWORD_LENGTH;
const specials = new Set(PASSWORD_SPECIALS);

const HOLDS: Record<PasswordRule, (password: string) => boolean> = {
  password_empty: (password) => password !== '',
  password_too_short: (password) => isAtLeast(password, minLength),
  password_too_long: (password) => isAtMost(password, maxLength),
  password_no_upper: (password) => /\p{Lu}/u.test(password),
  password_no_lower: (password) => /\p{Ll}/u.test(password),
  password_no_digit: (password) => /\p{Nd}/u.test(password),
  password_no_special: (password) => [...password].some((letter) => specials.has(letter)),
};

const CONTEXT: Partial<Record<PasswordRule, Record<string, unknown>>> = {
  password_too_short: { min_length: minLength },
  password_too_long: { max_length: maxLength },
};

/**
 * Returns the rules that the password breaks, in the order of `PASSWORD_RULES`; empty if it is
 * acceptable.
 */
export function brokenPasswordRules(password: string): BrokenPasswordRule[] {
  return PASSWORD_RULES.filter((type) => !HOLDS[type](password)).map((type) => {
    const ctx = CONTEXT[type];
    return ctx === undefined ? { type } : { type, ctx };
  });
}
