import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { WebSocket } from 'ws';
import { createLive } from '#openapi/client/live.js';
import type { TestApp } from './app.js';
import type { Random } from './random.js';
import { until } from './waiting.js';

interface Writing {
  topic: string;
  writers: number;
  /** Changes of each writer. */
  changes: number;
  random: Random;
}

/**
 * Makes changes by many writers, each of which waits for a random time between the insert and the
 * commit. What fails is tried again, and may have been done: the database knows.
 */
export function writeChanges(
  apps: readonly FastifyInstance[],
  { topic, writers, changes, random }: Writing,
): { done: Promise<unknown>; readonly lastId: number } {
  let lastId = 0;
  const done = Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const pg = apps[writer % apps.length]?.pg;
      for (let count = 0; count < changes; ) {
        try {
          const written = await pg?.query<{ id: number }>(
            `with slept as materialized (select pg_sleep($3::float8 / 1000)),
               event as (
                 insert into events (type, topics, resource_id, version, is_public, changes)
                 values ('post.deleted', array[$1], $2, null, true, '{}') returning id)
             select event.id, (select count(*) from slept) from event`,
            [topic, writer * changes + count + 1, delayOf(random)],
          );
          count += 1;
          lastId = Math.max(lastId, Number(written?.rows[0]?.id));
          if (count % 10 === 0) await pg?.query(`select pg_notify('new_events', '')`);
        } catch {
          await sleep(50);
        }
      }
    }),
  );
  return {
    done,
    get lastId() {
      return lastId;
    },
  };
}

/** Milliseconds: mostly a few, and long enough for a hundred later changes every tenth time. */
function delayOf(random: Random): number {
  return random.int(0, 9) === 0 ? random.int(20, 80) : random.int(0, 3);
}

/** A ready client that connects to each of the services in turn. */
export function followTopic(t: Test, urls: readonly string[], topic: string) {
  let opened = 0;
  let socket: WebSocket | undefined;
  class Tracked extends WebSocket {
    constructor() {
      super(urls[opened % urls.length] ?? '');
      opened += 1;
      socket = this;
    }
  }
  const live = createLive({ url: urls[0] ?? '', WebSocket: Tracked, retry: { min: 2, max: 20 } });
  t.teardown(() => live.close());
  const ids: number[] = [];
  /** The events that a `resync` has given up: those after one up to another. */
  const given: { after: number; upTo: number }[] = [];
  const subscription = live.subscribe([topic], {
    since: 0,
    onEvent: ({ id }) => ids.push(id),
    onResync: (position) => given.push({ after: ids.at(-1) ?? 0, upTo: position }),
  });
  return {
    ids,
    given,
    get connections() {
      return opened;
    },
    /** Cuts the connection, at any stage, as a broken network does. */
    cut: () => socket?.terminate(),
    /** Resolves when the client has come to an event. */
    reaches: (id: number) => until(() => (subscription.position ?? 0) >= id),
  };
}

/**
 * Fails unless the client has each event of the topic once and in order. Events that a `resync` gave
 * up may be missing, but not most of them.
 */
export async function assertComplete(
  t: Test,
  { app }: TestApp,
  topic: string,
  { ids, given, reaches }: ReturnType<typeof followTopic>,
): Promise<void> {
  const { rows } = await app.pg.query<{ id: number }>(
    'select id from events where topics @> array[$1] order by id',
    [topic],
  );
  const all = rows.map(({ id }) => Number(id));
  await reaches(all.at(-1) ?? 0);
  const isGiven = (id: number) => given.some(({ after, upTo }) => id > after && id <= upTo);
  const got = new Set(ids);
  t.ok(
    ids.every((id, index) => id > (ids[index - 1] ?? 0)),
    'once, and in order',
  );
  t.same(
    all.filter((id) => !got.has(id) && !isGiven(id)),
    [],
    'nothing is missing',
  );
  t.ok(ids.length > all.length / 2, `${ids.length} of ${all.length}, ${given.length} resyncs`);
}
