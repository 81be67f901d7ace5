import type { OpenAPIV3_1 } from 'openapi-types';
import t, { type Test } from 'tap';
import { createTestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import type { Client, Reply } from '#test/support/client.js';
import { contract } from '#test/support/contract.js';
import { Generator, type Schema } from '#test/support/generate.js';
import { Known } from '#test/support/known.js';
import { Random } from '#test/support/random.js';

const testApp = await createTestApp(t);
const { app, clock } = testApp;
const admin = await testApp.signedIn({ username: 'admin', role: 'admin' });
const generator = new Generator(contract, new Random(20_260_131), new Known());
const me = await admin.get('/api/v1/me');
const category = await admin.post('/api/v1/categories', { name: 'Guides' });

const { headers: made } = await admin.post('/api/v1/projects', { key: 'WORK', name: 'Work' });
const project = String(made['location']);
const label = await admin.post(`${project}/labels`, { name: 'Label' });

let count = 0;

interface Resource {
  client: Client;
  url: string;
  /** What has the version, and its field that changes, if the resource is a part of another. */
  whole?: { url: string; field: string };
}

/**
 * Creates a resource for each test and returns a client that may change it. Add an entry for every
 * new `…Update` schema.
 */
const RESOURCES: Record<string, () => Promise<Resource>> = {
  PostUpdate: () => created('/api/v1/posts', { title: `Post ${++count}`, content: 'Text' }),
  UserUpdate: () => created('/api/v1/users', { username: `user_${++count}` }),
  CategoryUpdate: () => created('/api/v1/categories', { name: `Category ${++count}` }),
  TagUpdate: () => created('/api/v1/tags', { name: `Tag ${++count}` }),
  ProjectUpdate: () => created('/api/v1/projects', { key: `K${++count}`, name: 'Project' }),
  ProjectLabelUpdate: () => created(`${project}/labels`, { name: `Label ${++count}` }),
  ProjectTaskUpdate: () => createdTask(),
  async ChecklistItemUpdate() {
    const { client, url } = await createdTask();
    const { json } = await client.post(`${url}/checklist`, { text: 'Item' });
    const item = `${url}/checklist/${json.checklist[0].id}`;
    return { client, url: item, whole: { url, field: 'checklist' } };
  },
  TaskUpdate: () => created('/api/v1/tasks', { summary: `Task ${++count}` }),
  async CommentUpdate() {
    const { id } = await insertTestPost(app, { title: `Post ${++count}` });
    const { headers } = await admin.post(`/api/v1/posts/${id}/comments`, { content: 'Text' });
    return { client: admin, url: String(headers['location']) };
  },
  async TaskCommentUpdate() {
    const { url } = await createdTask();
    return created(`${url}/comments`, { content: 'Text' });
  },
  async NotificationSettingsUpdate() {
    const client = await testApp.signedIn({ username: `settings_${++count}` });
    return { client, url: '/api/v1/me/notification-settings' };
  },
  async ProfileUpdate() {
    const client = await testApp.signedIn({ username: `profile_${++count}` });
    return { client, url: '/api/v1/me' };
  },
};

async function created(collection: string, body: object) {
  const { headers } = await admin.post(collection, body);
  return { client: admin, url: String(headers['location']) };
}

/** Creates a task with a due date, as a task that repeats must have one. */
function createdTask() {
  return created(`${project}/tasks`, { summary: `Task ${++count}`, due_on: '2026-02-14' });
}

/** Values that must refer to an existing resource, or be unique. */
const CHOSEN: Record<string, () => unknown> = {
  category_id: () => category.json.id,
  name: () => `Renamed ${++count}`,
  key: () => `K${++count}`,
  time_zone: () => 'Asia/Shanghai',
  assignee_ids: () => [me.json.id],
  label_ids: () => [label.json.id],
  start_on: () => '2026-02-01',
  due_on: () => '2026-02-28',
  recurrence: () => 'FREQ=WEEKLY;BYDAY=MO',
};

/** Returns a valid value of the property that is neither empty nor the current one. */
function newValue(name: string, schema: Schema, current: unknown): unknown {
  const chosen = CHOSEN[name];
  if (chosen !== undefined) return chosen();
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const value = generator.value(schema, 0);
    if (!isEmpty(value) && JSON.stringify(value) !== JSON.stringify(current)) return value;
  }
  throw new Error(`No new value of ${name} was generated`);
}

/** Whether the value may be the default of a new resource. */
function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function versionOf({ headers }: Reply): number {
  return Number(/^"(\d+)-/.exec(String(headers['etag']))?.[1]);
}

async function auditEntries(): Promise<Record<string, object | null>[]> {
  const { rows } = await app.pg.query('select action, before, after from audit_log order by id');
  return rows;
}

async function assertSafe(t: Test, component: string, name: string, schema: Schema) {
  const make = RESOURCES[component];
  if (make === undefined) throw new Error(`${component}: say in RESOURCES how to create one`);
  const { client, url, whole = { url, field: name } } = await make();
  const before = await client.get(whole.url);
  const entries = await auditEntries();
  const change = { [name]: newValue(name, schema, before.json[name]) };
  clock.advance(1000);

  const changed = await client.patch(url, change);
  t.equal(changed.status, 200, `${JSON.stringify(change)}: ${changed.text}`);
  t.equal(versionOf(changed), versionOf(before) + 1, 'raises the version by one');
  // Database triggers use this column to detect changes.
  t.equal(changed.json.updated_at, clock.read().toISOString(), 'sets the time of the change');
  const added = (await auditEntries()).slice(entries.length);
  t.equal(added.length, 1, 'adds one audit entry');
  const named = Object.keys(added[0]?.['after'] ?? {});
  const { field } = whole;
  t.ok(named.includes(field) || named.includes(`${field}_sha256`), `${named} names ${field}`);

  const again = await client.patch(url, change);
  t.equal(again.status, 200, again.text);
  t.equal(versionOf(again), versionOf(changed), 'repeating the change does not raise the version');
  t.equal((await auditEntries()).length, entries.length + 1, 'and adds no audit entry');
}

const schemas = (contract.components?.schemas ?? {}) as Record<string, OpenAPIV3_1.SchemaObject>;
const updates = Object.entries(schemas).filter(([name]) => name.endsWith('Update'));

t.ok(updates.length >= 6, 'the contract has update schemas');

t.test('a POST and a PUT write every field that a PATCH changes', async (t) => {
  for (const [component, { properties = {} }] of updates) {
    for (const kind of ['Create', 'Replace']) {
      const other = schemas[component.replace('Update', kind)];
      if (other === undefined) continue;
      const missing = Object.keys(properties).filter((name) => !(name in (other.properties ?? {})));
      t.same(missing, [], `${component}: ${kind}`);
    }
  }
});

for (const [component, { properties = {} }] of updates) {
  for (const [name, schema] of Object.entries(properties)) {
    t.test(`${component}: changing only ${name} makes one version and one audit entry`, (t) =>
      assertSafe(t, component, name, schema as Schema),
    );
  }
}
