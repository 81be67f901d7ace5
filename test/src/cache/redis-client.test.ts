import t from 'tap';
import { openRedis } from '#src/cache/redis-client.js';
import { recordLog } from '#test/support/log.js';
import { noRedis, startRedis } from '#test/support/redis.js';
import { until } from '#test/support/waiting.js';

const PASSWORD = 'correct-horse';

t.test('logs neither passwords nor cached values', { skip: noRedis }, async (t) => {
  const { url, client: direct } = await startRedis(t, PASSWORD);
  const { port } = new URL(url);

  const wrong = recordLog();
  const stranger = openRedis(`redis://:wrong-horse@127.0.0.1:${port}`, 'x:', wrong.logger);
  t.teardown(() => stranger.client.disconnect());
  await until(() => wrong.lines.length > 0);
  t.match(wrong.lines, [{ err: { type: 'ReplyError', message: /^WRONGPASS/ } }]);
  t.notMatch(JSON.stringify(wrong.lines), /horse/);

  const right = recordLog();
  const friend = openRedis(`redis://:${PASSWORD}@127.0.0.1:${port}`, 'x:', right.logger);
  t.teardown(() => friend.client.disconnect());
  await until(() => friend.client.status === 'ready');
  t.same(right.lines, []);
  await direct.config('SET', 'maxmemory', '1');
  await friend.client.set('key', 'what nobody should read').catch(friend.report);
  t.match(right.lines, [{ err: { type: 'ReplyError', message: /^OOM/ } }]);
  friend.client.emit('ready');
  await friend.client.call('nonsense', 'what nobody should read').catch(friend.report);
  t.match(right.lines.at(-1), { err: { message: /^ERR unknown command/ } });
  t.notMatch(JSON.stringify(right.lines), /nobody/);
});

t.test('logs the error code of a failure', async (t) => {
  const { logger, lines } = recordLog();
  const { client } = openRedis('redis://127.0.0.1:1', 'x:', logger);
  t.teardown(() => client.disconnect());
  await until(() => lines.length > 0);
  t.match(lines, [{ err: { code: 'ECONNREFUSED' } }]);
});
