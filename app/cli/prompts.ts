import { read } from 'read';
import { ADMIN_PASSWORD_VARIABLE, adminPassword } from '#app/config.js';
import { validationMessage } from '#src/lib/messages/index.js';
import { brokenPasswordRules } from '#src/people/lib/password-policy.js';
import { say, terminalLanguage } from './language.js';

/**
 * Returns the password of `ALTHING_ADMIN_PASSWORD`, or prompts for it twice. It is never an
 * argument, because other users can see those.
 *
 * @throws Error if there is no terminal to ask, or the two answers differ
 */
export async function newPassword(): Promise<string> {
  const given = adminPassword();
  if (given !== undefined) return given;
  if (!process.stdin.isTTY) {
    throw new Error(
      say('There is no terminal to prompt for the password: set {variable}.', {
        variable: ADMIN_PASSWORD_VARIABLE,
      }),
    );
  }
  const password = await ask(say('Password: '), { silent: true });
  if (password !== (await ask(say('Again: '), { silent: true }))) {
    throw new Error(say('The two passwords do not match.'));
  }
  return password;
}

/** @throws Error with every rule that the password of this user breaks */
export function assertGoodPassword(
  password: string,
  owner: { username: string; email: string | null },
): void {
  const broken = brokenPasswordRules(password, owner);
  if (broken.length === 0) return;
  const language = terminalLanguage();
  const sentences = broken.map(({ type, ctx }) => validationMessage(language, type, ctx));
  throw new Error(language === 'zh' ? `${sentences.join('；')}。` : `${sentences.join('. ')}.`);
}

/**
 * Asks for confirmation.
 *
 * @throws Error if there is no terminal to ask, or the answer is not yes
 */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new Error(say('There is no terminal to ask for confirmation: confirm with --yes.'));
  }
  const answer = await ask(`${question} [y/N] `, { silent: false });
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error(say('Nothing was changed.'));
}

async function ask(prompt: string, { silent }: { silent: boolean }): Promise<string> {
  // `read` never settles when the input ends without an answer.
  let ended = () => {};
  const end = new Promise<never>((_resolve, reject) => {
    ended = () => reject(new Error('the input ended'));
  });
  process.once('beforeExit', ended);
  try {
    return await Promise.race([read({ prompt, silent, output: process.stderr }), end]);
  } catch {
    throw new Error(say(silent ? 'No password was given.' : 'No answer was given.'));
  } finally {
    process.off('beforeExit', ended);
    process.stderr.write('\n');
  }
}
