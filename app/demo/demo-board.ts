import { generateNKeysBetween } from 'fractional-indexing';
import { STATUSES, type Status } from '#schemas/project-tasks.js';
import type { RelationKind } from '#schemas/task-relations.js';
import type { Priority } from '#schemas/tasks.js';
import type { Context } from '#src/access/context.js';
import { render } from '#src/markdown/rendering.js';
import { insertNotifications } from '#src/work/stores/new-notifications.js';
import { insertLabel } from '#src/work/stores/project-labels.js';
import { insertProjectTask } from '#src/work/stores/project-task-changes.js';
import { insertTaskComment } from '#src/work/stores/task-comments.js';
import { insertRelation } from '#src/work/stores/task-relations.js';
import { descriptionVector, taskCommentVector } from '#src/work/stores/task-vectors.js';
import { dayAfter } from './demo-tasks.js';

interface DemoTask {
  summary: string;
  status: Status;
  description?: string;
  priority?: Priority;
  /** Days from today. */
  due?: number;
  assignees?: string[];
  /** Index of the label. */
  label?: number;
  checklist?: string[];
  recurrence?: string;
}

const LABELS = [
  { name: 'bug', color: '#d73a4a' },
  { name: 'later', color: '#c5def5' },
  { name: 'design', color: '#0e8a16' },
];

/** Comments on the first task; the first is of the administrator. */
const COMMENTS: { author?: string; content: string; mentions?: string[] }[] = [
  { content: '@bob Which *two* would you take?', mentions: ['bob'] },
  { author: 'alice', content: 'The samples cost `12 EUR`.' },
  { author: 'bob', content: '第二种更好。' },
];

/** Relations by the indexes of the tasks. */
const RELATIONS: { task: number; kind: RelationKind; other: number }[] = [
  { task: 2, kind: 'subtask', other: 4 },
  { task: 4, kind: 'relates', other: 5 },
  { task: 6, kind: 'blocks', other: 1 },
];

/** The notifications of the administrator that alice caused, with the indexes of the tasks. */
const NOTIFICATIONS: { kind: 'assigned' | 'moved'; task: number }[] = [
  { kind: 'moved', task: 4 },
  { kind: 'assigned', task: 5 },
];

const TASKS: DemoTask[] = [
  {
    summary: 'Compare the fonts',
    status: 'todo',
    description: 'At most *two* families, with [licences](https://example.com/licences).',
    assignees: ['alice'],
    due: 5,
    label: 2,
    checklist: ['Ask for samples', 'Print them'],
  },
  { summary: 'Write the imprint', status: 'todo', priority: 'high', due: 1 },
  { summary: 'Draw the icons', status: 'todo', label: 2 },
  { summary: 'Buy a second domain', status: 'todo', priority: 'low' },
  { summary: 'Build the start page', status: 'in_progress', assignees: ['bob'], due: 3 },
  { summary: '翻译首页', status: 'in_progress', assignees: ['alice', 'bob', 'admin'] },
  { summary: 'Fix the broken search', status: 'review', priority: 'urgent', label: 0, due: -1 },
  { summary: 'Choose a colour', status: 'done', label: 2 },
  { summary: 'Add a guest book', status: 'cancelled' },
  { summary: 'Renew the certificates', status: 'todo', due: 30, recurrence: 'FREQ=MONTHLY' },
];

/**
 * Inserts the labels, tasks, comments and relations of the demo project.
 *
 * @param idOf returns the id of a demo user, of the administrator for an unknown name
 */
export async function loadDemoBoard(
  trx: Context,
  projectId: number,
  idOf: (username: string) => number,
): Promise<void> {
  const created_at = trx.now.toISOString();
  const labels = [];
  for (const label of LABELS) {
    labels.push(await insertLabel(trx.db, { ...label, project_id: projectId, created_at }));
  }
  const positions = new Map(
    STATUSES.map((status) => [status, generateNKeysBetween(null, null, TASKS.length)]),
  );
  const tasks: number[] = [];
  for (const task of TASKS) {
    const { summary, status, description = '', priority = 'normal', due, label } = task;
    const { assignees = [], checklist = [], recurrence = null } = task;
    const rendered = await render(description);
    const { id } = await insertProjectTask(trx.db, projectId, {
      summary,
      status,
      position: positions.get(status)?.shift() ?? 'a0',
      description,
      description_html: rendered?.html ?? '',
      described: descriptionVector(rendered?.words ?? ''),
      priority,
      assignee_ids: assignees.map(idOf),
      label_ids: labels.filter((_, index) => index === label).map(({ id }) => id),
      start_on: null,
      due_on: due === undefined ? null : dayAfter(trx.now, due),
      time_zone: 'Europe/Berlin',
      estimate: null,
      recurrence,
      checklist: checklist.map((text, index) => ({ id: index + 1, text, done: false })),
      completed_at: status === 'done' ? created_at : null,
      creator_id: idOf('alice'),
      created_at,
    });
    tasks.push(id);
  }
  for (const { author = '', content, mentions = [] } of COMMENTS) {
    const rendered = await render(content);
    await insertTaskComment(trx.db, {
      task_id: tasks[0] ?? 0,
      author_id: idOf(author),
      content,
      content_html: rendered?.html ?? '',
      search_vector: taskCommentVector(rendered?.words ?? '', projectId),
      mention_ids: mentions.map(idOf),
      created_at,
    });
  }
  const options = { actorId: idOf('alice'), now: trx.now, canMail: false };
  const notices = NOTIFICATIONS.map(({ kind, task }) => ({
    kind,
    project_id: projectId,
    task_id: tasks[task] ?? 0,
    user_ids: [idOf('')],
  }));
  await insertNotifications(trx.db, notices, options);
  for (const { task, kind, other } of RELATIONS) {
    const [task_id = 0, other_id = 0] = [tasks[task], tasks[other]];
    await insertRelation(trx.db, { task_id, kind, other_id, created_at });
  }
}
