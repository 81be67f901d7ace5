export const PASSWORD_MIN_LENGTH = 8;
export const PASSWORD_MAX_LENGTH = 128;

/** Each rule with the sentence that is said when it is broken. */
const RULES: [(password: string) => boolean, string][] = [
  [
    (password) => [...password].length >= PASSWORD_MIN_LENGTH,
    `Password should have at least ${PASSWORD_MIN_LENGTH} characters`,
  ],
  [
    (password) => [...password].length <= PASSWORD_MAX_LENGTH,
    `Password should have at most ${PASSWORD_MAX_LENGTH} characters`,
  ],
  [(password) => /\p{Lu}/u.test(password), 'Password should have an upper-case letter'],
  [(password) => /\p{Ll}/u.test(password), 'Password should have a lower-case letter'],
  [(password) => /\p{Nd}/u.test(password), 'Password should have a digit'],
  [
    (password) => /[!@#$%^&*()_+\-=[\]{}\\|;:,.<>?]/.test(password),
    'Password should have a special character, one of !@#$%^&*()_+-=[]{}\\|;:,.<>?',
  ],
];

/** A sentence for every rule that the password breaks; none if it may be used. */
export function brokenPasswordRules(password: string): string[] {
  return RULES.filter(([holds]) => !holds(password)).map(([, sentence]) => sentence);
}
