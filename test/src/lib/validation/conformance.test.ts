import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import { type Case, matrixCases, type Skipped, suiteCases } from './cases.js';
import { answer } from './support.js';

/** What a 422 body must have in common with the recorded one where texts come from elsewhere. */
function shapeOf(body: unknown): unknown {
  const { detail } = body as { detail: Record<string, unknown>[] };
  return detail.map(({ type, loc, input }) => ({ type, loc, input }));
}

/** Answers what is wrong, or undefined. */
function mismatch({ operation, request, status, body, match, handler }: Case): unknown {
  const outcome = answer(operation, request);
  if (outcome.status !== status) return { got: outcome };
  if (outcome.status === 200) {
    if (match === 'shape' || handler === undefined) return undefined;
    const got = handler(outcome.values, outcome.content);
    return isDeepStrictEqual(got, body) ? undefined : { got };
  }
  const [got, want] =
    match === 'exact' || status !== 422
      ? [outcome.body, body]
      : [shapeOf(outcome.body), shapeOf(body)];
  return isDeepStrictEqual(JSON.parse(JSON.stringify(got)), want) ? undefined : { got };
}

function countBy<T>(items: readonly T[], key: (item: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}

function run(t: Test, { cases, skipped }: { cases: Case[]; skipped: Skipped[] }): void {
  const failed = new Map<string, number>();
  for (const item of cases) {
    const wrong = mismatch(item);
    if (wrong === undefined) continue;
    failed.set(item.group, (failed.get(item.group) ?? 0) + 1);
    t.fail(`${item.id} (${item.group})`, { want: item.body, ...(wrong as object) });
  }
  for (const [group, total] of countBy(cases, (item) => item.group)) {
    const bad = failed.get(group) ?? 0;
    t.comment(`${group}: ${total - bad} passed, ${bad} failed`);
  }
  for (const [reason, count] of countBy(skipped, (item) => item.reason)) {
    t.comment(`not run: ${count} (${reason})`);
  }
  const bad = [...failed.values()].reduce((sum, count) => sum + count, 0);
  t.comment(`all: ${cases.length - bad} passed, ${bad} failed, ${skipped.length} not run`);
  t.equal(bad, 0, `${cases.length} cases answer as FastAPI does`);
}

t.test("requests out of FastAPI's own tests", async (t) => run(t, suiteCases()));
t.test('requests recorded on FastAPI', async (t) => run(t, matrixCases()));
