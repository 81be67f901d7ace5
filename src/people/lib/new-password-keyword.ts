import { PASSWORD_LENGTH } from '#schemas/passwords.js';
import { REDACTED } from '#src/lib/redact.js';
import { type Check, FAIL, fail, type Node } from '#src/lib/validation/node.js';
import type { Guard } from '#src/lib/validation/quick.js';
import type { JsonSchema } from '#src/lib/validation/schema.js';
import { brokenPasswordRules } from './password-policy.js';

/**
 * Compiles `format: password` with `x-password-policy`: each rule that the value breaks is an error
 * of its own, so that whoever chooses a password learns all of them at once. No error repeats what
 * was sent, be it a text or not.
 *
 * @throws Error when the schema promises other lengths than the rules have
 */
export function newPasswordNode({ minLength, maxLength }: JsonSchema): Node {
  if (minLength !== PASSWORD_LENGTH.minLength || maxLength !== PASSWORD_LENGTH.maxLength) {
    throw new Error('A new password has the lengths of PASSWORD_LENGTH');
  }
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'string_type', REDACTED);
    const broken = brokenPasswordRules(value);
    for (const { type, ctx } of broken) fail(state, type, REDACTED, ctx);
    return broken.length > 0 ? FAIL : value;
  };
  const guard: Guard = (value, bindings) =>
    `typeof ${value} !== 'string' || ${bindings.bind(brokenPasswordRules)}(${value}).length > 0`;
  return { check, label: 'new-password', guard };
}
