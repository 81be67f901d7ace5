import t, { type Test } from 'tap';
import { ChannelListener } from '#src/db/channel-listener.js';
import { ARTICLE_CHANGES, notify } from '#src/db/channels.js';
import { tables } from '#src/db/tables.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { recordLog } from '#test/support/log.js';
import { until } from '#test/support/waiting.js';

const { app, databaseUrl } = await createTestApp(t);

/** Tables that public responses do not show, or show some seconds late on purpose. */
const UNANNOUNCED = new Set([
  'api_keys',
  'audit_log',
  'audit_repeats',
  'calendar_tokens',
  'devices',
  'email_tokens',
  'event_removals',
  'events',
  'idempotency_keys',
  'migrations',
  'post_slugs',
  'post_views',
  'notification_mailings',
  'notification_settings',
  'notifications',
  'post_visits',
  'presences',
  'project_invitations',
  'project_keys',
  'project_labels',
  'project_members',
  'projects',
  'refresh_tokens',
  'registrations',
  'rerendering',
  'sessions',
  'tasks',
  'task_comments',
  'task_mutes',
  'task_relations',
  'task_watchers',
  'throttles',
]);

type Step = [name: string, sql: string, announced: number];

/** Runs statements, and compares how many announcements each one makes. */
async function assertAnnounced(t: Test, steps: Step[]): Promise<void> {
  let isUp = false;
  const heard: string[] = [];
  const listener = new ChannelListener({
    url: databaseUrl,
    connectTimeout: 5000,
    name: 'althing-test',
    channel: ARTICLE_CHANGES,
    notify: (channel, payload) => notify(app.db, channel, payload),
    onUp: () => {
      isUp = true;
    },
    onMessage: (payload) => heard.push(payload),
    onLost: () => undefined,
    log: recordLog().logger,
  });
  t.teardown(() => listener.stop());
  listener.start();
  await until(() => isUp);
  for (const [name, sql, announced] of steps) {
    await listener.echo();
    heard.splice(0);
    await app.pg.query(sql);
    await listener.echo();
    t.equal(heard.length, announced, name);
  }
}

t.test('each table announces its changes, or is listed as one that does not', async (t) => {
  const { rows } = await app.pg.query(
    `select distinct tgrelid::regclass::text as name from pg_trigger
     where tgfoid = 'announce_article_change'::regproc`,
  );
  const announced = rows.map(({ name }) => String(name));
  t.same(Object.keys(tables).sort(), [...announced, ...UNANNOUNCED].sort());
});

t.test('a change of any column is announced by updated_at, search words are not', async (t) => {
  await insertTestPost(app, { title: 'Ponds', tags: ['water'] });
  await assertAnnounced(t, [
    ['a post changes', 'update posts set updated_at = now()', 1],
    ['a tag changes', 'update tags set updated_at = now()', 1],
    ['a category changes', 'update categories set updated_at = now()', 1],
    ['a post is indexed again', `update posts set search = '', title_search = ''`, 0],
    ['a tag is indexed again', `update tags set search_words = ''`, 0],
  ]);
});

t.test('notifies about public changes of comments only, once per statement', async (t) => {
  const { id } = await insertTestPost(app, { title: 'Pools' });

  const insert = (isApproved: boolean) =>
    `insert into comments (post_id, content, content_html, search, is_approved)
     select ${id}, 'x', 'x', '', ${isApproved} from generate_series(1, 100)`;
  await assertAnnounced(t, [
    ['comments that wait', insert(false), 0],
    ['they are edited', `update comments set content = 'y'`, 0],
    ['one is rejected', 'update comments set rejected_at = now() where id = 1', 0],
    ['one is deleted', 'update comments set deleted_at = now() where id = 2', 0],
    ['a deleted one is approved', 'update comments set is_approved = true where id = 2', 0],
    ['it is restored', 'update comments set deleted_at = null where id = 2', 1],
    ['one of many is seen', `update comments set content = 'z'`, 1],
    ['approval is taken back', 'update comments set is_approved = false where id = 2', 1],
    ['those that wait are removed', 'delete from comments', 0],
    ['none is removed', 'delete from comments', 0],
    ['approved comments', insert(true), 1],
    ['one goes into the trash', 'update comments set deleted_at = now() where id = 101', 1],
    ['it is purged', 'delete from comments where id = 101', 0],
    ['one is removed', 'delete from comments where id = 102', 1],
    ['all are removed', 'truncate comments cascade', 1],
  ]);
});
