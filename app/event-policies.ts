import { commentEvents, postEvents } from '#src/articles/services/events.js';
import type { EventPolicies } from '#src/events/event-policy.js';
import { projectEvents, taskEvents } from '#src/work/services/events.js';
import { notificationEvents } from '#src/work/services/notifications.js';

/** Who may see the events of every kind of resource. */
export const eventPolicies: EventPolicies = {
  task: taskEvents,
  task_comment: projectEvents,
  project: projectEvents,
  notification: notificationEvents,
  post: postEvents,
  comment: commentEvents,
};
