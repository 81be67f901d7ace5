import type { FastifyInstance } from 'fastify';

/** Until so many statements on the app's database wait for a lock that somebody else holds. */
export async function untilWaiting({ pg }: FastifyInstance, count: number): Promise<void> {
  for (let waiting = 0; waiting < count; ) {
    const { rows } = await pg.query(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    waiting = rows.length;
  }
}
