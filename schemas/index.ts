import type { TSchema } from '@sinclair/typebox';
import * as apiKeys from './api-keys.js';
import * as audit from './audit.js';
import * as auth from './auth.js';
import * as categories from './categories.js';
import * as comments from './comments.js';
import * as errors from './errors.js';
import * as jobs from './jobs.js';
import * as me from './me.js';
import * as passwords from './passwords.js';
import * as playgroundBodies from './playground-bodies.js';
import * as playgroundParameters from './playground-parameters.js';
import * as playgroundQueries from './playground-queries.js';
import * as playgroundRequests from './playground-requests.js';
import * as playgroundResponses from './playground-responses.js';
import * as postStatistics from './post-statistics.js';
import * as posts from './posts.js';
import * as registrations from './registrations.js';
import * as roles from './roles.js';
import * as search from './search.js';
import * as sessions from './sessions.js';
import * as system from './system.js';
import * as tags from './tags.js';
import * as tokens from './tokens.js';
import * as trash from './trash.js';
import * as users from './users.js';

/** A schema with a name. */
export type NamedSchema = TSchema & { $id: string };

/** Every schema with a name: what routes refer to, and what the document lists once. */
export const components: NamedSchema[] = [
  apiKeys,
  audit,
  auth,
  categories,
  comments,
  errors,
  jobs,
  me,
  passwords,
  playgroundBodies,
  playgroundParameters,
  playgroundQueries,
  playgroundRequests,
  playgroundResponses,
  posts,
  postStatistics,
  registrations,
  roles,
  search,
  sessions,
  system,
  tags,
  tokens,
  trash,
  users,
]
  .flatMap((file) => Object.values<unknown>(file))
  .filter(isNamed);

/** The same, by name. */
export const definitions: Record<string, NamedSchema> = Object.fromEntries(
  components.map((component) => [component.$id, component]),
);

function isNamed(value: unknown): value is NamedSchema {
  return typeof value === 'object' && value !== null && '$id' in value;
}
