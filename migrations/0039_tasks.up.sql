create table tasks (
  id               integer generated always as identity primary key,
  owner_id         integer not null references users (id) on delete cascade,
  summary          text not null check (length(summary) between 1 and 300),
  searched_summary text collate "C" not null,
  priority         text not null default 'normal'
                     check (priority in ('low', 'normal', 'high', 'urgent')),
  due_on           date,
  completed_at     timestamptz(3),
  version          integer not null default 1,
  created_at       timestamptz(3) not null default now(),
  updated_at       timestamptz(3) not null default now(),
  deleted_at       timestamptz(3)
);

-- An owner has a few thousand tasks at most, so other orders and filters need no index.
create index tasks_owner_id_idx on tasks (owner_id, created_at, id) where deleted_at is null;
create index tasks_owner_trash_idx on tasks (owner_id, deleted_at, id) where deleted_at is not null;
create index tasks_deleted_at_idx on tasks (deleted_at, id) where deleted_at is not null;

create trigger tasks_bump_version before update on tasks
  for each row execute function bump_version();
