import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { openLive } from '#test/support/live.js';
import { createProject, joinProject } from '#test/support/projects.js';
import { Random } from '#test/support/random.js';
import { until } from '#test/support/waiting.js';

const PEOPLE = 50;
const CARDS = 30;
const MOVES = 6;
const COOKIE = 'althing_session';

interface Card {
  id: number;
  position: string;
}

t.test('fifty people who drag at once see one order', async (t) => {
  const { app, signedIn } = await createTestApp(t);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `${origin.replace('http', 'ws')}/api/v1/ws`;
  const clients = [];
  for (let n = 0; n < PEOPLE; n += 1) {
    const username = `dragger_${n}`;
    clients.push({ client: await signedIn({ username, role: 'author' }), username });
  }
  const [owner, ...others] = clients;
  if (owner === undefined) return;
  const project = await createProject(owner.client);
  for (const other of others) await joinProject(project, owner.client, other);
  const ids: number[] = [];
  for (let n = 0; n < CARDS; n += 1) {
    ids.push((await owner.client.post(`${project.path}/tasks`, { summary: `Card ${n}` })).json.id);
  }

  // Each person reads the board, and listens from where it ends.
  const people = await Promise.all(
    clients.map(async ({ client }) => {
      const board = (await client.get(`${project.path}/board`)).json;
      const cards = new Map<number, string>(
        board.columns[0].tasks.map(({ id, position }: Card) => [id, position]),
      );
      const cookie = `${COOKIE}=${encodeURIComponent(client.cookie(COOKIE) ?? '')}`;
      const socket = await openLive(url, { cookie });
      t.teardown(() => socket.close());
      const topics = [`project:${project.id}`];
      await socket.ask({ type: 'subscribe', topics, since: board.event_id }, 'subscribed');
      return { client, cards, socket };
    }),
  );
  const random = new Random(14);
  const replies = await Promise.all(
    people.map(async ({ client }) => {
      const statuses = [];
      for (let n = 0; n < MOVES; n += 1) {
        const [id, other] = [random.int(0, CARDS - 1), random.int(0, CARDS - 1)];
        const after_id = id === other ? null : ids[other];
        const path = `${project.path}/tasks/${ids[id]}/move`;
        statuses.push((await client.post(path, { after_id })).status);
      }
      return statuses;
    }),
  );
  t.same(new Set(replies.flat()), new Set([200]));
  const mark = (await owner.client.post(`${project.path}/tasks`, { summary: 'Mark' })).json;
  const list = `${project.path}/tasks?status=todo&sort=position&size=100`;
  const order = (await owner.client.get(list)).json.items.map(({ id }: Card) => id);
  t.equal(order.length, CARDS + 1);
  for (const { cards, socket } of people) {
    await until(() => socket.events.some(({ resource_id }) => resource_id === mark.id));
    for (const { resource_id, changes } of socket.events) {
      if (changes.position !== undefined) cards.set(resource_id, changes.position);
    }
    const own = [...cards].sort(([, one], [, other]) => (one < other ? -1 : 1));
    t.same(
      own.map(([id]) => id),
      order,
    );
  }
});
