import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { DEMO_USERS } from '#app/demo/demo-data.js';
import { STATUSES } from '#src/errors.js';
import { projectRoot } from '#src/lib/project-root.js';
import { insertUsers } from '#src/people/stores/user-changes.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';

const guide = readFileSync(join(projectRoot, 'openapi/guide.md'), 'utf8');
const SEPARATOR = '--- end of a block ---';

t.test("runs the guide's requests in a shell", async (t) => {
  const { app, createUser } = await createTestApp(t);
  await insertUsers(app.db, DEMO_USERS);
  await createUser({ username: 'admin', role: 'admin' });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });

  const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const script = blocks
    .map((block) => `${block}\necho; echo '${SEPARATOR}'`)
    .join('\n')
    .replaceAll('http://127.0.0.1:8000', origin)
    .replaceAll('<password>', PASSWORD);
  const { stdout } = await promisify(execFile)('bash', ['-eu', '-c', script], { cwd: t.testdir() });
  const outputs = stdout.split(SEPARATOR);
  t.equal(outputs.length, blocks.length + 1);

  const expected: [inBlock: string, output: RegExp][] = [
    ['auth/login', /\{"status":"login_ok"\}/],
    ['Bearer $access', /\{"status":"logged_in","username":"admin"\}/],
    ['grant_type=refresh_token', /"access_token":"[^"]+".*"refresh_token":"[^"]+"/],
    ['me/sessions', /"current":true/],
    ['"dora"', /"username":"dora".*"email":"dora@example\.com"/],
    ['me/sessions', /"current":true.*\{"ended":0\}/s],
    ['me/api-keys', /"username":"dora".*"email":"dora@example\.com".*"total":1/],
    ['auth/register', /"status":"confirmation_sent"/],
    ['users/3/role', /"role":"editor","permissions":15/],
    ['api/v1/audit', /"action":"user\.role".*"permissions":15/],
    ['form=flat', /"is_approved":true.*"total":1.*/s],
    ['search/suggest', /<mark>数据库<\/mark>.*"kind":"category".*"数据库"/s],
    ['api/v1/trash', /"kind":"post".*使用数据库连接池.*"deleted_by":\{[^}]*"admin"/],
    [
      'categories/shu-ju-ku/posts',
      /"slug":"shu-ju-ku".*"items":\[\].*"name":"postgres".*"post_count":1.*"month":"20/s,
    ],
    ['posts/$post/publish', /"published_at":"20.*"items":\[\{[^}]*"slug":"shi-yong-shu-ju-ku/s],
    ['q=li', /"charlie".*"alice".*"total":2/s],
    ['cursor=&size=5', /"total":null.*"next_cursor":"\w+"/],
    ['"age": 200', /string_too_short.*less_than_equal/],
    ['Accept-Language', /输入应大于或等于 1/],
    ['If-Match', /"nickname":"Bobby"/],
    ['Idempotency-Key', /201 Created.*201 Created.*idempotent-replayed: true/is],
    ['calendar-token', /BEGIN:VEVENT.*DTSTART;VALUE=DATE:21260214.*SUMMARY:Repot the plants/s],
    [
      'api/v1/tasks',
      /"completed":true.*"summary":"Water the plants".*"total":1,"done":1,"pending":0/s,
    ],
    [
      '/board',
      /"summary":"Dig".*"event_id":\d+.*"summary":"Sow".*"summary":"Dig".*"transition_not_allowed".*"status":"in_progress".*"type":"task\.transitioned"/s,
    ],
    ['search/tasks', /"key":"PARK".*<mark>Sow<.*"project":null.*Water the <mark>plants</s],
    [
      'api/v1/projects',
      /"username":"alice".*"role":"viewer".*"username":"admin".*"key":"PARK".*"key":"PARK"/s,
    ],
    ['api/v1/notifications', /"items":\[\],"total":0.*\{"marked":0\}/s],
    ['api/v1/events', /event: subscribed\nid: \d+\ndata: \{"topics":\["me","posts"\]/],
    ['playground/stream', /data: \{"count":0,.*data: \{"count":9,/s],
  ];
  for (const [index, block] of blocks.entries()) {
    const [name, output] = expected.find(([inBlock]) => block.includes(inBlock)) ?? [];
    t.match(outputs[index], output ?? /a block that no test knows/, name ?? block);
  }
});

t.test('lists every error code with its status', async (t) => {
  const listed = [...guide.matchAll(/^\| (\d{3}) \| (`.+?) \|/gm)].flatMap(
    ([, status, codes = '']) => [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => [code, status]),
  );
  const known = Object.entries(STATUSES).map(([code, status]) => [code, String(status)]);
  t.same(listed.sort(), known.sort());
});
