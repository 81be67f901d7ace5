import type { TSchema } from '@sinclair/typebox';
import * as resources from './resources.js';
import type { OperationTag } from './types.js';

/** A schema with a name. */
export type NamedSchema = TSchema & { $id: string };

const files: Record<string, unknown>[] = Object.values(resources);

/** Every schema with a name: what routes refer to, and what the document lists once. */
export const components: NamedSchema[] = files
  .flatMap((file) => Object.values(file))
  .filter(isNamed);

/** The same, by name. */
export const definitions: Record<string, NamedSchema> = Object.fromEntries(
  components.map((component) => [component.$id, component]),
);

/** The tags of all resources. The document lists those that an operation uses. */
export const tags: OperationTag[] = files.flatMap(({ tag }) =>
  tag === undefined ? [] : [tag as OperationTag],
);

function isNamed(value: unknown): value is NamedSchema {
  return typeof value === 'object' && value !== null && '$id' in value;
}
