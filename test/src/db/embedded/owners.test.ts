import { cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { Holder, place, processesIn, query } from './support.js';

t.test('rejects a second owner, in this process and in another', async (t) => {
  const { dataDirectory, cluster } = place(t);
  const server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  await t.rejects(startEmbeddedPostgres({ dataDirectory, durable: false }), {
    name: 'EmbeddedPostgresError',
    message: `this process already uses the data directory ${dataDirectory}: stop that server first`,
  });
  const { error } = await new Holder(t, { dataDirectory, durable: false }, {}).next();
  t.match(
    error,
    `EmbeddedPostgresError: another process (pid ${process.pid}) already uses the data directory ${dataDirectory}: stop it`,
  );
  t.strictSame(await query(server.url, 'SELECT 1 AS one'), [{ one: 1 }]);
  await server.stop();
  t.strictSame(processesIn(cluster), []);
});

t.test('lets exactly one of several concurrent first starts win', async (t) => {
  const { dataDirectory } = place(t);
  const holders = Array.from({ length: 4 }, () => new Holder(t, { dataDirectory }, {}));
  const reports = await Promise.all(holders.map((holder) => holder.next()));
  const winners = holders.filter((_, index) => reports[index]?.url !== undefined);
  t.equal(winners.length, 1);
  for (const { error } of reports) {
    if (error !== undefined) t.match(error, `(pid ${winners[0]?.pid}) already uses`);
  }
  t.strictSame(await winners[0]?.stop(), { stopped: true });
});

t.test('recognizes a dead owner whose pid is in use again', async (t) => {
  const { dataDirectory } = place(t);
  const owners = join(dataDirectory, 'owners');
  mkdirSync(owners, { recursive: true });
  const inode = statSync(owners, { bigint: true }).ino;
  for (const pid of [process.pid, process.ppid, 1]) {
    for (const kind of ['claim', 'held']) {
      writeFileSync(join(owners, `${pid}-0123456789ab.1-${inode}.${kind}`), '');
    }
  }
  const server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.equal(readdirSync(owners).length, 2);
  await server.stop();
});

t.test('does not lock a copy of a directory in use', async (t) => {
  const { dataDirectory } = place(t);
  const server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  const copy = `${dataDirectory}-copy`;
  mkdirSync(copy);
  cpSync(join(dataDirectory, 'owners'), join(copy, 'owners'), { recursive: true });
  await (await startEmbeddedPostgres({ dataDirectory: copy, durable: false })).stop();
  await server.stop();
});
