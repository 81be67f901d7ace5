import type { TProperties, TSchema } from '@sinclair/typebox';
import { Comment } from '#schemas/comments.js';
import { EVENT_RESOURCES, type EventResource, type EventType } from '#schemas/events.js';
import { Notification } from '#schemas/notifications.js';
import { Author, Post } from '#schemas/posts.js';
import { ProjectMember } from '#schemas/project-members.js';
import { ProjectTask } from '#schemas/project-tasks.js';
import { Project } from '#schemas/projects.js';
import { TaskComment } from '#schemas/task-comments.js';
import { RelationOfTasks } from '#schemas/task-relations.js';
import { Task } from '#schemas/tasks.js';
import { Ref } from '#schemas/types.js';

/** The role of the viewer differs from one reader of an event to the next. */
const { my_role: _, ...sharedOfProject } = Project.properties;

/** The fields of each resource in a response: events contain nothing else of it. */
export const FIELDS: Readonly<Record<EventResource, TProperties>> = {
  task: { ...Task.properties, ...ProjectTask.properties, relation: Ref(RelationOfTasks) },
  task_comment: TaskComment.properties,
  project: { ...sharedOfProject, ...ProjectMember.properties },
  notification: Notification.properties,
  post: Post.properties,
  comment: Comment.properties,
};

/** Users by their ids, as others see them; without those who were deleted. */
export type People = Readonly<Record<string, Author>>;

type Values = Record<string, unknown>;

/**
 * The fields whose value is a user or null. Events contain the ids of users only, because a user may
 * be deleted before an event is read.
 */
const AUTHOR_FIELDS: Readonly<Record<EventResource, ReadonlySet<string>>> = perResource((fields) =>
  Object.entries(fields).flatMap(([name, schema]) => (isAuthor(schema) ? [name] : [])),
);

/** The names of the fields of all resources that may contain a user. */
export const ALL_AUTHOR_FIELDS: readonly string[] = [
  ...new Set(EVENT_RESOURCES.flatMap((resource) => [...AUTHOR_FIELDS[resource]])),
];

const NAMES = perResource(Object.keys);

/** Returns the type of the resource that an event is about. */
export function resourceOf(type: EventType): EventResource {
  return type.slice(0, type.indexOf('.')) as EventResource;
}

/** Returns the fields of a resource as events contain them. */
export function storedFields(resource: EventResource, fields: object): Values {
  const stored = Object.entries(fields).filter(([name]) => NAMES[resource].has(name));
  return Object.fromEntries(
    stored.map(([name, value]) => {
      return [name, AUTHOR_FIELDS[resource].has(name) ? idOf(value) : value];
    }),
  );
}

/** Returns the fields that an event contains as in a response; a deleted user is null. */
export function shownFields(resource: EventResource, stored: Values, people: People): Values {
  return Object.fromEntries(
    Object.entries(stored).map(([name, value]) => {
      return [name, AUTHOR_FIELDS[resource].has(name) ? (people[String(value)] ?? null) : value];
    }),
  );
}

function perResource(namesOf: (fields: TProperties) => string[]) {
  return Object.fromEntries(
    EVENT_RESOURCES.map((resource) => [resource, new Set(namesOf(FIELDS[resource]))]),
  ) as Record<EventResource, Set<string>>;
}

function isAuthor(schema: TSchema): boolean {
  const choices: TSchema[] = schema['anyOf'] ?? [];
  return schema['$ref'] === Author.$id || choices.some(isAuthor);
}

function idOf(author: unknown): number | null {
  return (author as Author | null | undefined)?.id ?? null;
}
