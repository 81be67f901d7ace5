create table comments (
  id           integer generated always as identity primary key,
  post_id      integer not null references posts (id) on delete cascade,
  author_id    integer references users (id) on delete set null,
  -- Without an action of its own: a thread may be deeper than one cascade may call the next.
  parent_id    integer references comments (id),
  -- The comment at the top of the thread; null for that one itself.
  thread_id    integer references comments (id),
  depth        integer not null default 0 check (depth >= 0),
  content      text not null check (length(content) <= 5000),
  content_html text not null,
  is_approved  boolean not null default false,
  search       tsvector not null,
  version      integer not null default 1,
  created_at   timestamptz(3) not null default now(),
  updated_at   timestamptz(3) not null default now(),
  deleted_at   timestamptz(3),
  deleted_by   integer references users (id) on delete set null,
  check ((parent_id is null) = (thread_id is null) and (parent_id is null) = (depth = 0))
);

create index comments_threads_idx on comments (post_id, created_at, id) where parent_id is null;
create index comments_post_id_idx on comments (post_id) where is_approved and deleted_at is null;
create index comments_parent_id_idx on comments (parent_id, created_at, id);
create index comments_thread_id_idx on comments (thread_id);
create index comments_author_id_idx on comments (author_id, created_at, id);
create index comments_created_at_idx on comments (created_at, id) where deleted_at is null;
create index comments_waiting_idx on comments (created_at, id)
  where not is_approved and deleted_at is null;
create index comments_deleted_at_idx on comments (deleted_at, id) where deleted_at is not null;
create index comments_deleted_by_idx on comments (deleted_by) where deleted_by is not null;
create index comments_search_idx on comments using gin (search);

create trigger comments_bump_version before update on comments
  for each row execute function bump_version();
