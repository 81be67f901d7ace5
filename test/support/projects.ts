import { hashSecret } from '#src/lib/random-secrets.js';
import { insertInvitation } from '#src/work/stores/project-invitations.js';
import { insertLabel } from '#src/work/stores/project-labels.js';
import { insertMember } from '#src/work/stores/project-members.js';
import { insertProjectTask } from '#src/work/stores/project-task-changes.js';
import { insertProject } from '#src/work/stores/projects.js';
import { NO_DESCRIPTION } from '#src/work/stores/task-vectors.js';
import type { TestApp } from './app.js';
import type { Client } from './client.js';
import { sampleToken } from './sample-requests.js';

const DAY_MS = 24 * 60 * 60 * 1000;

let count = 0;

/**
 * A project with another member, an open invitation, a label, and two tasks that are to be done,
 * each with a checklist of one item. `taskId` is the last one.
 */
interface TestProject {
  id: number;
  key: string;
  memberId: number;
  invitationId: number;
  labelId: number;
  taskId: number;
}

/** Inserts a project of a user directly into the database. */
export async function insertTestProject(testApp: TestApp, ownerId: number): Promise<TestProject> {
  const { app, clock, createUser } = testApp;
  count += 1;
  const now = clock.read().toISOString();
  const { id, key } = await insertProject(app.db, ownerId, {
    key: `TEST${count}`,
    name: `Project ${count}`,
    description: '',
    time_zone: 'UTC',
    in_progress_limit: null,
    review_limit: null,
    created_at: now,
    updated_at: now,
  });
  const { id: memberId } = await createUser({ username: `member_${count}` });
  const member = { project_id: id, user_id: memberId, role: 'member', joined_at: now } as const;
  await insertMember(app.db, member);
  const invitationId = await invite(testApp, id, { email: `invited_${count}@example.net` });
  const label = { project_id: id, name: 'Label', color: '#808080', created_at: now };
  const { id: labelId } = await insertLabel(app.db, label);
  await insertTask(testApp, id, 'a0');
  const taskId = await insertTask(testApp, id, 'a1');
  return { id, key, memberId, invitationId, labelId, taskId };
}

async function insertTask(
  { app, clock }: TestApp,
  projectId: number,
  position: string,
): Promise<number> {
  const { id } = await insertProjectTask(app.db, projectId, {
    summary: `Task at ${position}`,
    description: '',
    description_html: '',
    described: NO_DESCRIPTION,
    status: 'todo',
    position,
    priority: 'normal',
    assignee_ids: [],
    label_ids: [],
    start_on: null,
    due_on: null,
    time_zone: 'UTC',
    estimate: null,
    recurrence: null,
    checklist: [{ id: 1, text: 'Item', done: false }],
    completed_at: null,
    creator_id: null,
    created_at: clock.read().toISOString(),
  });
  return id;
}

/**
 * Inserts what an operation on projects or their tasks needs to change something as this user: a project of theirs,
 * or an invitation to a project of somebody else.
 *
 * @returns the values of the parameters of the path
 */
export async function preparedProject(
  testApp: TestApp,
  operation: string,
  user: { id: number; username: string },
): Promise<Record<string, number | string>> {
  const { app } = testApp;
  if (operation.includes('-accept-') || operation.includes('-decline-')) {
    const { id, invitationId } = await insertTestProject(testApp, await newOwner(testApp));
    await app.pg.query('update project_invitations set token_hash = $2 where id = $1', [
      invitationId,
      hashSecret(sampleToken(user.username)),
    ]);
    return { id: await invite(testApp, id, { userId: user.id }) };
  }
  const made = await insertTestProject(testApp, user.id);
  const { id, key } = made;
  if (operation === 'projects-unarchive') {
    await app.pg.query('update projects set archived_at = now() where id = $1', [id]);
  }
  return {
    id,
    key,
    user_id: made.memberId,
    invitation_id: made.invitationId,
    label_id: made.labelId,
    task_id: made.taskId,
    item_id: 1,
    number: 2,
  };
}

/**
 * Inserts what an operation on comments, watchers or relations of tasks needs to change something as
 * this user: a task of their project with a comment of theirs, and another task.
 *
 * @returns the values of the parameters of the path
 */
export async function preparedTask(
  testApp: TestApp,
  operation: string,
  userId: number,
): Promise<Record<string, number | string>> {
  const { pg } = testApp.app;
  const { id } = await insertTestProject(testApp, userId);
  const { rows } = await pg.query(
    `insert into tasks
       (project_id, number, summary, searched_summary, status, position, time_zone, creator_id)
     select $1, n, 'Task', 'task', 'todo', 'b' || n, 'UTC', $2::integer from generate_series(3, 4) n
     returning id`,
    [id, operation.endsWith('-watch') ? null : userId],
  );
  const [task_id, other_id] = rows.map((row) => row.id as number);
  const comment = await pg.query(
    `insert into task_comments (task_id, author_id, content, content_html)
     values ($1, $2, 'Comment', '<p>Comment</p>') returning id`,
    [task_id, userId],
  );
  if (operation === 'task-relations-remove') {
    await pg.query(
      `insert into task_relations (task_id, kind, other_id) values ($1, 'blocks', $2)`,
      [task_id, other_id],
    );
  }
  const places = { id, comment_id: comment.rows[0].id as number, kind: 'blocks' };
  return { ...places, task_id: task_id ?? 0, other_id: other_id ?? 0 };
}

/** Inserts an unread notification about a task of a project of the user. Returns its id. */
export async function insertTestNotification(testApp: TestApp, userId: number): Promise<number> {
  const { id, taskId } = await insertTestProject(testApp, userId);
  const { rows } = await testApp.app.pg.query(
    `insert into notifications (user_id, member_id, kind, project_id, task_id, delivery)
     values ($1, $1, 'moved', $2, $3, 'app') returning id`,
    [userId, id, taskId],
  );
  return rows[0].id;
}

async function newOwner({ createUser }: TestApp): Promise<number> {
  count += 1;
  return (await createUser({ username: `owner_${count}` })).id;
}

async function invite(
  { app, clock }: TestApp,
  project_id: number,
  { userId = null, email = null }: { userId?: number | null; email?: string | null },
): Promise<number> {
  const { rows } = await app.pg.query<{ user_id: number }>(
    `select user_id from project_members where project_id = $1 and role = 'owner'`,
    [project_id],
  );
  return insertInvitation(app.db, {
    project_id,
    invited_by: rows[0]?.user_id ?? 0,
    user_id: userId,
    email,
    role: 'member',
    created_at: clock.read().toISOString(),
    expires_at: new Date(clock.read().getTime() + DAY_MS).toISOString(),
  });
}

let keys = 0;

/** Returns a key that no other project of the test process has. */
export function freeKey(): string {
  keys += 1;
  return `K${keys}`;
}

/** Creates a project. */
export async function createProject(
  owner: Client,
  fields: object = {},
): Promise<{ id: number; key: string; path: string }> {
  const { json } = await owner.post('/api/v1/projects', {
    key: freeKey(),
    name: 'Website',
    ...fields,
  });
  return { ...json, path: `/api/v1/projects/${json.id}` };
}

/** Makes a user a member of a project. */
export async function joinProject(
  project: { id: number },
  owner: Client,
  { client, username }: { client: Client; username: string },
  role: 'viewer' | 'member' | 'owner' = 'member',
): Promise<void> {
  const { json } = await owner.post(`/api/v1/projects/${project.id}/invitations`, {
    username,
    role,
  });
  await client.post(`/api/v1/me/project-invitations/${json.id}/accept`);
}
