import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';

/** An answer, as far as whoever looks for a mistake wants to see it. */
interface Answer {
  request: string;
  status: number;
  text: string;
}

const KEPT = 50;
const SHOWN = 2000;

const answers = new WeakMap<FastifyInstance, Answer[]>();

/** Keeps an answer until it is clear that nothing is wrong with it. */
export function remember(app: FastifyInstance, answer: Answer): void {
  const kept = answers.get(app) ?? [];
  kept.push(answer);
  if (kept.length > KEPT) kept.shift();
  answers.set(app, kept);
}

/** Shows the whole answer where an assertion fails that has found its status. */
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
