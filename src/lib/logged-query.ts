import { formPairs } from './form-pairs.js';
import { isSecretName, REDACTED } from './redact.js';

/** Maximum number of parameters, and of characters of a name. */
const MAX_PARAMETERS = 20;
const MAX_NAME = 40;

/** Names of parameters that say something about a person, or that people search for. */
const PERSONAL_NAME =
  /mail|user|nick|name|author|person|phone|mobile|addr|birth|\bq\b|query|search/i;

/** Names of secrets and one-time codes that are too short to be looked for within other names. */
const SECRET_WORD = /(?:^|[^a-z])(?:key|code|otp|pin|jwt|auth|sig|signature|sid)(?:$|[^a-z])/i;

/** Our API keys, and JSON Web Tokens, whatever they are called. */
const SECRET_VALUE = /^(?:alt_|eyJ)/;

/** Values that are numbers, dates, words or lists of them. */
const PLAIN_VALUE = /^[\w.,:+-]{0,64}$/;

/**
 * Returns what the log shows of a query string: the names, and the values of parameters that are
 * neither secret nor personal. Anything unusual is redacted too. At most 20 parameters are shown.
 *
 * @param query without the question mark
 */
export function loggedQuery(query: string): string {
  const shown: string[] = [];
  for (const [name, value] of formPairs(query)) {
    if (shown.length === MAX_PARAMETERS) return `${shown.join('&')}&…`;
    shown.push(`${loggedName(name)}=${isShown(name, value) ? value : REDACTED}`);
  }
  return shown.join('&');
}

function loggedName(name: string): string {
  return PLAIN_VALUE.test(name) && name.length <= MAX_NAME ? name : REDACTED;
}

function isShown(name: string, value: string): boolean {
  const isSecret = isSecretName(name) || SECRET_WORD.test(name) || SECRET_VALUE.test(value);
  return PLAIN_VALUE.test(value) && !isSecret && !PERSONAL_NAME.test(name);
}
