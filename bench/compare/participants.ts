import { assertAgreement } from './agreement.js';
import { findPgbench, takeCeilingTurn } from './ceiling.js';
import type { Participant } from './rounds.js';
import type { Row } from './row.js';
import type { Stage } from './stage.js';
import { requestsFor, takeTurn } from './turns.js';

/** The name of PostgreSQL's own ceiling in tables. */
export const CEILING = 'pgbench';

/** The contenders that take part in every row. */
const ALWAYS = ['service', 'L1'];

/**
 * Returns those who take turns in a row, after checking that they give the same answers.
 *
 * @param withCeiling whether pgbench takes part where the row has SQL for it
 */
export async function participantsOf(
  row: Row,
  { contenders, loader, databaseUrl }: Stage,
  withCeiling: boolean,
): Promise<Participant[]> {
  const { peers, ceiling } = row;
  const able = contenders.filter(
    ({ name }) => ALWAYS.includes(name) || (peers?.includes(name) ?? true),
  );
  await assertAgreement(row, able);
  const participants: Participant[] = [];
  for (const contender of able) {
    const requests = await requestsFor(row, contender);
    const take = (seconds: number) => takeTurn(loader, contender, requests, row, seconds);
    participants.push({ name: contender.name, take });
  }
  const pgbench = withCeiling ? findPgbench() : null;
  if (pgbench !== null && ceiling !== undefined) {
    const take = (seconds: number) => takeCeilingTurn(pgbench, databaseUrl, ceiling, seconds);
    participants.push({ name: CEILING, take });
  }
  return participants;
}
