import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** Waits until a condition holds, without a limit of its own. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(2);
}

/** Waits until at least `count` statements in the app's database wait for a lock. */
export async function untilWaiting({ pg }: FastifyInstance, count: number): Promise<void> {
  for (let waiting = 0; waiting < count; ) {
    const { rows } = await pg.query(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    waiting = rows.length;
  }
}
