import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';

/** The parts of a response that are shown when a test fails. */
interface Answer {
  request: string;
  status: number;
  text: string;
}

const KEPT = 50;
const SHOWN = 2000;

const answers = new WeakMap<FastifyInstance, Answer[]>();

/** Stores a response for `showFailingAnswers`; only the last `KEPT` of an app are stored. */
export function remember(app: FastifyInstance, answer: Answer): void {
  const kept = answers.get(app) ?? [];
  kept.push(answer);
  if (kept.length > KEPT) kept.shift();
  answers.set(app, kept);
}

/**
 * When an assertion on a status fails, shows the last response with that status, up to `SHOWN`
 * characters of its body.
 */
export function showFailingAnswers(t: Test, app: FastifyInstance): void {
  watch(t.parser);

  function watch(parser: Test['parser']): void {
    parser.on('child', watch);
    parser.on('assert', ({ ok, diag }) => {
      if (ok) return;
      const numbers = String(diag?.['diff'] ?? '').match(/(?<=^\+.*\b)[1-5]\d\d\b/gm);
      const answer = answers
        .get(app)
        ?.findLast(({ status }) => numbers?.some((each) => each === String(status)));
      if (answer === undefined) return;
      t.comment(`${answer.request} ${answer.status}: ${answer.text.slice(0, SHOWN)}`);
    });
  }
}
