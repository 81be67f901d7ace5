import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { type Case, readRecordings } from './recordings.js';
import { buildConformanceService, findUnbuildable } from './service.js';
import { Wire } from './wire.js';

export interface Difference {
  id: string;
  group: string;
  expected: unknown;
  actual: unknown;
}

export interface Outcome {
  passed: Map<string, number>;
  failed: Map<string, number>;
  skipped: { id: string; reason: string }[];
  differences: Difference[];
}

/** Sends every recorded request of a folder, and compares status and body. */
export async function runConformance(folder: string): Promise<Outcome> {
  const { operations, schemas, cases, skipped } = readRecordings(folder);
  const app = await buildConformanceService(operations, schemas).catch(async () => {
    const unbuildable = await findUnbuildable(operations, schemas);
    for (const [{ method, path }, reason] of unbuildable)
      console.error(`${method} ${path}: ${reason}`);
    const built = operations.filter((operation) => !unbuildable.has(operation));
    return buildConformanceService(built, schemas);
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const wire = await Wire.open((app.server.address() as AddressInfo).port);
  const outcome: Outcome = { passed: new Map(), failed: new Map(), skipped, differences: [] };
  for (const each of cases) {
    const difference = await runCase(wire, each);
    const counts = difference === null ? outcome.passed : outcome.failed;
    counts.set(each.group, (counts.get(each.group) ?? 0) + 1);
    if (difference !== null) outcome.differences.push(difference);
  }
  wire.close();
  await app.close();
  return outcome;
}

async function runCase(wire: Wire, each: Case): Promise<Difference | null> {
  const { status, text } = await wire.send(each.request);
  const body = text === '' ? undefined : JSON.parse(text);
  const actual = { status, body: comparable(body, each.match) };
  const expected = { status: each.status, body: comparable(each.body, each.match) };
  if (isDeepStrictEqual(actual, expected)) return null;
  return { id: each.id, group: each.group, expected, actual };
}

/** Errors other than 422 carry a `code` beside FastAPI's `detail`; it is an addition of ours. */
function comparable(body: unknown, match: Case['match']): unknown {
  if (typeof body !== 'object' || body === null || !('detail' in body)) return body;
  if (typeof body.detail === 'string') return { detail: body.detail };
  if (match === 'exact' || !Array.isArray(body.detail)) return body;
  return { detail: body.detail.map(({ type, loc, input }) => ({ type, loc, input })) };
}

export function total(counts: Map<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
