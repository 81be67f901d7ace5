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
  -- When an editor decided against it; null while it waits for a decision.
  rejected_at  timestamptz(3),
  search       tsvector not null,
  version      integer not null default 1,
  created_at   timestamptz(3) not null default now(),
  updated_at   timestamptz(3) not null default now(),
  deleted_at   timestamptz(3),
  deleted_by   integer references users (id) on delete set null,
  -- From when on nothing is left of it but its place in the thread, for the replies to it.
  purged_at    timestamptz(3),
  check (not (is_approved and rejected_at is not null)),
  check (purged_at is null or (deleted_at is not null and author_id is null and content = '')),
  check ((parent_id is null) = (thread_id is null) and (parent_id is null) = (depth = 0))
);

create index comments_threads_idx on comments (post_id, created_at, id) where parent_id is null;
create index comments_post_id_idx on comments (post_id, is_approved, deleted_at);
create index comments_placeholders_idx on comments (post_id) where deleted_at is not null;
-- Which threads hold something that not everyone may see.
create index comments_hidden_idx on comments ((coalesce(thread_id, id))) where not is_approved;
create index comments_parent_id_idx on comments (parent_id, created_at, id);
create index comments_thread_id_idx on comments (thread_id);
create index comments_author_id_idx on comments (author_id, created_at, id);
create index comments_created_at_idx on comments (created_at, id);
create index comments_waiting_idx on comments (created_at, id)
  where not is_approved and deleted_at is null;
create index comments_deleted_at_idx on comments (deleted_at, id)
  where deleted_at is not null and purged_at is null;
create index comments_deleted_by_idx on comments (deleted_by) where deleted_by is not null;
create index comments_search_idx on comments using gin (search);

-- Search words are made from the rest: they are no change of the comment.
create trigger comments_bump_version
  before update of content, content_html, author_id, is_approved, rejected_at, deleted_at, updated_at
  on comments
  for each row execute function bump_version();
