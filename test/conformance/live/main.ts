import { Unavailable } from './fastapi.js';
import { KNOWN, type LiveDifference } from './known.js';
import { runLive } from './run-live.js';

/** Prints the differences by group; returns the exit code. */
export async function compareLive(options: {
  count: number;
  seed: number;
  only: number | undefined;
  /** Requests shown of each group. */
  shown: number;
}): Promise<number> {
  const say = (line: string) => console.log(line);
  let outcome: Awaited<ReturnType<typeof runLive>>;
  try {
    outcome = await runLive({ ...options, say });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    say(`The live comparison is skipped: ${error.message}.`);
    return 0;
  }
  const { compared, known, differences } = outcome;
  for (const { name, reason } of KNOWN) {
    const count = known.get(name) ?? 0;
    if (count > 0) say(`${name}: ${count} (${reason})`);
  }
  for (const [group, members] of groupsOf(differences)) {
    say(`\n${group}: ${members.length}`);
    for (const { request, ours, theirs } of members.slice(0, options.shown)) {
      const { method, url, headers, payload } = request.wire;
      say(`  ${request.id}: ${method} ${shorten(url)} ${shorten(JSON.stringify(headers))}`);
      if (payload !== undefined) say(`    ${shorten(JSON.stringify(payload.toString()))}`);
      say(`    FastAPI ${theirs.status} ${shorten(JSON.stringify(theirs.body))}`);
      say(`    Althing ${ours.status} ${shorten(JSON.stringify(ours.body))}`);
    }
  }
  say(
    `\n${compared} compared, ${differences.length} different, ${[...known.values()].reduce((sum, count) => sum + count, 0)} differ as intended`,
  );
  return differences.length === 0 && compared > 0 ? 0 : 1;
}

function groupsOf(differences: readonly LiveDifference[]): [string, LiveDifference[]][] {
  const groups = new Map<string, LiveDifference[]>();
  for (const difference of differences) {
    const { group } = difference.request;
    const name = `${group}: ${difference.theirs.status} / ${difference.ours.status}`;
    groups.set(name, [...(groups.get(name) ?? []), difference]);
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1));
}

function shorten(text: string | undefined): string {
  const given = text ?? '';
  return given.length > 700 ? `${given.slice(0, 690)} …` : given;
}
