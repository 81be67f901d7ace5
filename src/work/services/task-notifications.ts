import type { NewNotification } from '#src/work/stores/new-notifications.js';
import type { ProjectTaskRow } from '#src/work/stores/project-tasks.js';

/**
 * Returns what users are told of a change of a task: of becoming assigned to it, or else of its move
 * to another column.
 *
 * @param before null for a new task
 */
export function notificationsOfTask(
  before: ProjectTaskRow | null,
  after: ProjectTaskRow,
): NewNotification[] {
  const { id: task_id, project_id } = after;
  const former = new Set(before?.assignee_ids);
  const added = after.assignee_ids.filter((id) => !former.has(id));
  const notices: NewNotification[] = [];
  if (added.length > 0) notices.push({ kind: 'assigned', project_id, task_id, user_ids: added });
  if (before !== null && before.status !== after.status) {
    notices.push({ kind: 'moved', project_id, task_id, watchers: true, assignees: true });
  }
  return notices;
}
