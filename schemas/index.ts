import type { TSchema } from '@sinclair/typebox';
import * as resources from './resources.js';
import type { OperationTag } from './types.js';

/** A schema that is a named component. */
export type NamedSchema = TSchema & { $id: string };

const files: Record<string, unknown>[] = Object.values(resources);

/**
 * All named components. Routes refer to them, and the OpenAPI document contains each of them once.
 */
export const components: NamedSchema[] = files
  .flatMap((file) => Object.values(file))
  .filter(isNamed);

/** All named components by name. */
export const definitions: Record<string, NamedSchema> = Object.fromEntries(
  components.map((component) => [component.$id, component]),
);

/**
 * The tags in the order in which a newcomer needs them. The OpenAPI document contains only the tags
 * that an operation uses.
 */
export const tags: OperationTag[] = [
  resources.auth,
  resources.me,
  resources.users,
  resources.roles,
  resources.posts,
  resources.comments,
  resources.categories,
  resources.tags,
  resources.tasks,
  resources.projects,
  resources.projectTasks,
  resources.notifications,
  resources.calendars,
  resources.live,
  resources.search,
  resources.trash,
  resources.audit,
  resources.jobs,
  resources.admin,
  resources.system,
  resources.playground,
].map(({ tag }) => tag);

function isNamed(value: unknown): value is NamedSchema {
  return typeof value === 'object' && value !== null && '$id' in value;
}
