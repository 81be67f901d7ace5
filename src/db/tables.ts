import type { ColumnType } from 'kysely';
import type { AuditAction, CredentialKind } from '#schemas/audit.js';
import type { ChecklistItem } from '#schemas/checklists.js';
import type { EventType } from '#schemas/events.js';
import type { Delivery, NotificationSettings } from '#schemas/notification-settings.js';
import type { NotificationKind } from '#schemas/notifications.js';
import type { PostStatus } from '#schemas/posts.js';
import type { Status } from '#schemas/project-tasks.js';
import type { ProjectRole } from '#schemas/projects.js';
import type { Role } from '#schemas/roles.js';
import type { Scope } from '#schemas/scopes.js';
import type { RelationKind } from '#schemas/task-relations.js';
import type { Priority } from '#schemas/tasks.js';
import type { Address } from '#schemas/users.js';

/**
 * A column: its PostgreSQL type as `format_type` prints it, whether it is nullable, and whether an
 * insert may omit it. The type parameters are the values of a select, an insert and an update.
 */
export interface Column<Select = unknown, Insert = Select, Update = Insert> {
  readonly type: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  /** Carries types only; never has a value. */
  readonly types?: { select: Select; insert: Insert; update: Update };
}

declare const folded: unique symbol;

/** A value that `withFolded` returned: an identifying column, or the folded form of one. */
export type Folded = string & { readonly [folded]: true };

function required<T>(type: string): Column<T> {
  return { type, nullable: false, hasDefault: false };
}
function nullable<T>(type: string): Column<T | null, T | null | undefined> {
  return { type, nullable: true, hasDefault: false };
}
function defaulted<T>(type: string): Column<T, T | undefined> {
  return { type, nullable: false, hasDefault: true };
}
/** A JSON array. The driver would send an array as one of PostgreSQL, so it is written as text. */
function jsonArray<T>(): Column<T[], string | undefined, string> {
  return { type: 'jsonb', nullable: false, hasDefault: true };
}
/** A column written only by the database. */
function generated<T>(type: string): Column<T, never, never> {
  return { type, nullable: false, hasDefault: true };
}
/**
 * A column that identifies a row, or its folded form. Both are written only by `withFolded`, so no
 * statement can forget one of them.
 */
function identifying(): Column<string, Folded> {
  return { type: 'text', nullable: false, hasDefault: false };
}
function optionalIdentifying(): Column<string | null, Folded | null | undefined> {
  return { type: 'text', nullable: true, hasDefault: false };
}

const timestamp = 'timestamp(3) with time zone';

/**
 * All tables and columns. All queries are typed from it, and a test compares it with the migrated
 * database. Timestamps are ISO 8601 strings in UTC, as in the API.
 */
export const tables = {
  users: {
    id: generated<number>('integer'),
    username: identifying(),
    username_folded: identifying(),
    email: optionalIdentifying(),
    email_folded: optionalIdentifying(),
    password_hash: nullable<string>('text'),
    nickname: defaulted<string>('text'),
    searched_nickname: defaulted<string>('text'),
    bio: defaulted<string>('text'),
    avatar_url: nullable<string>('text'),
    age: nullable<number>('integer'),
    tags: defaulted<string[]>('text[]'),
    address: nullable<Address>('jsonb'),
    permissions: defaulted<number>('integer'),
    role: generated<Role>('text'),
    email_verified_at: nullable<string>(timestamp),
    password_changed_at: nullable<string>(timestamp),
    is_active: defaulted<boolean>('boolean'),
    version: generated<number>('integer'),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
    last_login_at: nullable<string>(timestamp),
  },
  sessions: {
    id: generated<number>('integer'),
    kind: defaulted<'cookie' | 'token'>('text'),
    remember: defaulted<boolean>('boolean'),
    id_hash: nullable<Buffer>('bytea'),
    user_id: required<number>('integer'),
    address: nullable<string>('text'),
    user_agent: nullable<string>('text'),
    created_at: defaulted<string>(timestamp),
    last_seen_at: defaulted<string>(timestamp),
    expires_at: required<string>(timestamp),
  },
  refresh_tokens: {
    token_hash: required<Buffer>('bytea'),
    session_id: required<number>('integer'),
    created_at: defaulted<string>(timestamp),
    expires_at: required<string>(timestamp),
    used_at: nullable<string>(timestamp),
    parent_hash: nullable<Buffer>('bytea'),
  },
  calendar_tokens: {
    user_id: required<number>('integer'),
    token_hash: required<Buffer>('bytea'),
    created_at: defaulted<string>(timestamp),
    last_used_at: nullable<string>(timestamp),
  },
  devices: {
    id: generated<number>('integer'),
    user_id: required<number>('integer'),
    secret_hash: required<Buffer>('bytea'),
    created_at: defaulted<string>(timestamp),
    last_used_at: defaulted<string>(timestamp),
  },
  api_keys: {
    id: generated<number>('integer'),
    user_id: required<number>('integer'),
    name: required<string>('text'),
    prefix: required<string>('text'),
    key_hash: required<Buffer>('bytea'),
    scopes: required<Scope[]>('text[]'),
    created_at: defaulted<string>(timestamp),
    last_used_at: nullable<string>(timestamp),
    expires_at: nullable<string>(timestamp),
  },
  registrations: {
    id: generated<number>('integer'),
    username: identifying(),
    username_folded: identifying(),
    email: identifying(),
    email_folded: identifying(),
    password_hash: required<string>('text'),
    token_hash: nullable<Buffer>('bytea'),
    network_hash: nullable<Buffer>('bytea'),
    created_at: defaulted<string>(timestamp),
    expires_at: required<string>(timestamp),
  },
  email_tokens: {
    token_hash: required<Buffer>('bytea'),
    user_id: required<number>('integer'),
    purpose: required<'change_email' | 'reset_password' | 'invite'>('text'),
    email: required<string>('text'),
    created_at: defaulted<string>(timestamp),
    expires_at: required<string>(timestamp),
  },
  audit_log: {
    id: generated<number>('bigint'),
    at: defaulted<string>(timestamp),
    actor_id: nullable<number>('integer'),
    credential: nullable<CredentialKind>('text'),
    action: required<AuditAction>('text'),
    resource: required<string>('text'),
    resource_id: nullable<string>('text'),
    address: nullable<string>('text'),
    request_id: nullable<string>('text'),
    before: nullable<Record<string, unknown>>('jsonb'),
    after: nullable<Record<string, unknown>>('jsonb'),
    erased_at: nullable<string>(timestamp),
  },
  audit_repeats: {
    entry_id: required<number>('bigint'),
    action: required<AuditAction>('text'),
    count: defaulted<number>('integer'),
    began_at: required<string>(timestamp),
    last_at: required<string>(timestamp),
    key_hash: nullable<Buffer>('bytea'),
    network_hash: nullable<Buffer>('bytea'),
  },
  idempotency_keys: {
    caller: required<string>('text'),
    key: required<string>('text'),
    request_hash: required<Buffer>('bytea'),
    state: defaulted<'running' | 'done'>('text'),
    claim_id: nullable<string>('uuid'),
    claimed_until: nullable<string>(timestamp),
    status: nullable<number>('integer'),
    headers: nullable<Record<string, string>>('jsonb'),
    body: nullable<unknown>('jsonb'),
    created_at: defaulted<string>(timestamp),
  },
  throttles: {
    key_hash: required<Buffer>('bytea'),
    failures: required<number>('integer'),
    blocked_until: nullable<string>(timestamp),
    updated_at: required<string>(timestamp),
  },
  categories: {
    id: generated<number>('integer'),
    name: identifying(),
    name_folded: identifying(),
    slug: required<string>('text'),
    description: defaulted<string>('text'),
    version: generated<number>('integer'),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
  },
  tags: {
    id: generated<number>('integer'),
    name: identifying(),
    name_folded: identifying(),
    slug: required<string>('text'),
    search_words: defaulted<string>('text'),
    is_automatic: defaulted<boolean>('boolean'),
    is_private: defaulted<boolean>('boolean'),
    owner_id: nullable<number>('integer'),
    version: generated<number>('integer'),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
  },
  posts: {
    id: generated<number>('integer'),
    title: required<string>('text'),
    slug: required<string>('text'),
    slug_base: nullable<string>('text'),
    summary: defaulted<string>('text'),
    content: required<string>('text'),
    content_html: required<string>('text'),
    content_text: required<string>('text'),
    excerpt: required<string>('text'),
    reading_minutes: required<number>('integer'),
    author_id: nullable<number>('integer'),
    category_id: nullable<number>('integer'),
    published_at: nullable<string>(timestamp),
    status: generated<PostStatus>('text'),
    source_path: nullable<string>('text'),
    source_hash: nullable<string>('text'),
    source_version: nullable<number>('integer'),
    source_authors: nullable<string[]>('text[]'),
    search: required<string>('tsvector'),
    content_search: nullable<string>('tsvector'),
    title_search: required<string>('tsvector'),
    head_search: generated<string>('tsvector'),
    version: generated<number>('integer'),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
    listed_at: generated<string>(timestamp),
    deleted_at: nullable<string>(timestamp),
    deleted_by: nullable<number>('integer'),
  },
  post_slugs: {
    slug: required<string>('text'),
    post_id: required<number>('integer'),
    created_at: defaulted<string>(timestamp),
  },
  post_tags: {
    post_id: required<number>('integer'),
    tag_id: required<number>('integer'),
  },
  comments: {
    id: generated<number>('integer'),
    post_id: required<number>('integer'),
    author_id: nullable<number>('integer'),
    parent_id: nullable<number>('integer'),
    thread_id: nullable<number>('integer'),
    depth: defaulted<number>('integer'),
    content: required<string>('text'),
    content_html: required<string>('text'),
    is_approved: defaulted<boolean>('boolean'),
    rejected_at: nullable<string>(timestamp),
    text_bytes: generated<number>('integer'),
    search: required<string>('tsvector'),
    version: generated<number>('integer'),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
    deleted_at: nullable<string>(timestamp),
    deleted_by: nullable<number>('integer'),
    purged_at: nullable<string>(timestamp),
  },
  post_views: {
    post_id: required<number>('integer'),
    view_count: defaulted<number>('bigint'),
  },
  post_visits: {
    post_id: required<number>('integer'),
    visitor_hash: required<Buffer>('bytea'),
    seen_at: required<string>(timestamp),
  },
  tasks: {
    id: generated<number>('integer'),
    owner_id: nullable<number>('integer'),
    summary: required<string>('text'),
    searched_summary: required<string>('text'),
    priority: defaulted<Priority>('text'),
    due_on: nullable<string>('date'),
    completed_at: nullable<string>(timestamp),
    version: generated<number>('integer'),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
    deleted_at: nullable<string>(timestamp),
    project_id: nullable<number>('integer'),
    number: nullable<number>('integer'),
    status: nullable<Status>('text'),
    position: nullable<string>('text'),
    description: defaulted<string>('text'),
    description_html: defaulted<string>('text'),
    assignee_ids: defaulted<number[]>('integer[]'),
    label_ids: defaulted<number[]>('integer[]'),
    start_on: nullable<string>('date'),
    time_zone: nullable<string>('text'),
    due_at: nullable<string>(timestamp),
    estimate: nullable<number>('integer'),
    recurrence: nullable<string>('text'),
    checklist: jsonArray<ChecklistItem>(),
    creator_id: nullable<number>('integer'),
    deleted_by: nullable<number>('integer'),
    search_vector: defaulted<string>('tsvector'),
    description_vector: nullable<string>('tsvector'),
    summary_vector: generated<string>('tsvector'),
  },
  project_labels: {
    id: generated<number>('integer'),
    project_id: required<number>('integer'),
    name: identifying(),
    name_folded: identifying(),
    color: required<string>('text'),
    version: generated<number>('integer'),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
  },
  task_comments: {
    id: generated<number>('integer'),
    task_id: required<number>('integer'),
    author_id: nullable<number>('integer'),
    content: required<string>('text'),
    content_html: required<string>('text'),
    mention_ids: defaulted<number[]>('integer[]'),
    version: generated<number>('integer'),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
    search_vector: defaulted<string>('tsvector'),
  },
  task_watchers: {
    task_id: required<number>('integer'),
    project_id: required<number>('integer'),
    user_id: required<number>('integer'),
    is_watching: defaulted<boolean>('boolean'),
    created_at: defaulted<string>(timestamp),
  },
  task_mutes: {
    task_id: required<number>('integer'),
    project_id: required<number>('integer'),
    user_id: required<number>('integer'),
    created_at: defaulted<string>(timestamp),
  },
  task_relations: {
    task_id: required<number>('integer'),
    kind: required<RelationKind>('text'),
    other_id: required<number>('integer'),
    created_at: defaulted<string>(timestamp),
  },
  projects: {
    id: generated<number>('integer'),
    key: required<string>('text'),
    name: required<string>('text'),
    searched_name: required<string>('text'),
    description: defaulted<string>('text'),
    time_zone: required<string>('text'),
    in_progress_limit: nullable<number>('integer'),
    review_limit: nullable<number>('integer'),
    last_number: defaulted<number>('integer'),
    version: generated<number>('integer'),
    archived_at: nullable<string>(timestamp),
    created_at: defaulted<string>(timestamp),
    updated_at: defaulted<string>(timestamp),
    deleted_at: nullable<string>(timestamp),
    deleted_by: nullable<number>('integer'),
  },
  project_keys: {
    key: required<string>('text'),
    project_id: required<number>('integer'),
  },
  project_members: {
    project_id: required<number>('integer'),
    user_id: required<number>('integer'),
    role: required<ProjectRole>('text'),
    joined_at: defaulted<string>(timestamp),
    muted_at: nullable<string>(timestamp),
  },
  project_invitations: {
    id: generated<number>('integer'),
    project_id: required<number>('integer'),
    user_id: nullable<number>('integer'),
    email: optionalIdentifying(),
    email_folded: optionalIdentifying(),
    role: required<ProjectRole>('text'),
    token_hash: nullable<Buffer>('bytea'),
    invited_by: required<number>('integer'),
    created_at: defaulted<string>(timestamp),
    expires_at: required<string>(timestamp),
  },
  notifications: {
    id: generated<number>('integer'),
    user_id: required<number>('integer'),
    kind: required<NotificationKind>('text'),
    project_id: required<number>('integer'),
    task_id: nullable<number>('integer'),
    comment_id: nullable<number>('integer'),
    invitation_id: nullable<number>('integer'),
    actor_id: nullable<number>('integer'),
    due_at: nullable<string>(timestamp),
    delivery: required<Exclude<Delivery, 'none'>>('text'),
    created_at: defaulted<string>(timestamp),
    read_at: nullable<string>(timestamp),
    mailed_at: nullable<string>(timestamp),
    member_id: nullable<number>('integer'),
  },
  notification_mailings: {
    user_id: required<number>('integer'),
    times: required<string[]>('timestamp(3) with time zone[]'),
  },
  notification_settings: {
    user_id: required<number>('integer'),
    deliveries: defaulted<Partial<Record<NotificationKind, Delivery>>>('jsonb'),
    language: defaulted<NotificationSettings['language']>('text'),
    version: generated<number>('integer'),
    updated_at: defaulted<string>(timestamp),
  },
  events: {
    id: generated<number>('bigint'),
    at: defaulted<string>(timestamp),
    type: required<EventType>('text'),
    topics: required<string[]>('text[]'),
    resource_id: required<number>('integer'),
    version: nullable<number>('integer'),
    is_public: required<boolean>('boolean'),
    user_id: nullable<number>('integer'),
    actor_id: nullable<number>('integer'),
    client_id: nullable<string>('text'),
    changes: required<Record<string, unknown>>('jsonb'),
    omitted: defaulted<string[]>('text[]'),
    project_id: nullable<number>('integer'),
    former: nullable<Record<string, unknown>>('jsonb'),
  },
  event_removals: {
    is_only: generated<boolean>('boolean'),
    removed_through: defaulted<number>('bigint'),
  },
  presences: {
    connection: required<string>('uuid'),
    user_id: required<number>('integer'),
    topic: required<string>('text'),
    seen_at: defaulted<string>(timestamp),
  },
  rerendering: {
    is_only: generated<boolean>('boolean'),
    version: defaulted<number>('integer'),
    kind: nullable<'tag' | 'post' | 'comment' | 'task' | 'task_comment'>('text'),
    after_id: defaulted<number>('integer'),
  },
  migrations: {
    name: required<string>('text'),
    checksum: required<string>('text'),
    applied_at: defaulted<string>(timestamp),
  },
} satisfies Record<string, Record<string, Column>>;

type Tables = typeof tables;

/** The tables as Kysely's types. */
export type Schema = {
  [T in keyof Tables]: {
    [C in keyof Tables[T]]: Tables[T][C] extends Column<infer S, infer I, infer U>
      ? ColumnType<S, I, U>
      : never;
  };
};
