import pg from 'pg';
import type { RecordedStatement } from './statements.js';

interface Plan {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** Runs the statements again, and returns the largest number of rows that a node of one examined. */
export async function examinedRows(
  databaseUrl: string,
  statements: readonly RecordedStatement[],
): Promise<number> {
  const connection = new pg.Client({ connectionString: databaseUrl });
  await connection.connect();
  try {
    let most = 0;
    for (const { text, values } of statements) {
      const { rows } = await connection.query({
        text: `explain (analyze, timing off, format json) ${text}`,
        values: [...values],
      });
      for (const node of rows.flatMap((row) => nodesOf(row['QUERY PLAN'][0].Plan))) {
        const each = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0);
        most = Math.max(most, each * node['Actual Loops']);
      }
    }
    return most;
  } finally {
    await connection.end();
  }
}
