create table task_comments (
  id           integer generated always as identity primary key,
  task_id      integer not null references tasks (id) on delete cascade,
  author_id    integer references users (id) on delete set null,
  content      text not null check (length(content) between 1 and 10000),
  content_html text not null,
  -- The members who were mentioned when the comment was written.
  mention_ids  integer[] not null default '{}' check (cardinality(mention_ids) <= 50),
  version      integer not null default 1,
  created_at   timestamptz(3) not null default now(),
  updated_at   timestamptz(3) not null default now()
);

create index task_comments_task_id_idx on task_comments (task_id, created_at, id);
create index task_comments_author_id_idx on task_comments (author_id) where author_id is not null;

create trigger task_comments_bump_version before update of content, mention_ids on task_comments
  for each row execute function bump_version();

-- Who follows a task, and who has stopped doing so. A former member does neither.
create table task_watchers (
  task_id     integer not null references tasks (id) on delete cascade,
  project_id  integer not null,
  user_id     integer not null,
  is_watching boolean not null default true,
  created_at  timestamptz(3) not null default now(),
  primary key (task_id, user_id),
  foreign key (project_id, user_id) references project_members (project_id, user_id)
    on delete cascade
);

create index task_watchers_member_idx on task_watchers (project_id, user_id);

-- Whoever creates a task or is assigned to it watches it, however the assignment was made.
create function watch_task() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.assignee_ids <@ old.assignee_ids then
    return null;
  end if;
  insert into task_watchers (task_id, project_id, user_id, created_at)
  select new.id, new.project_id, user_id, new.updated_at from project_members
  where project_id = new.project_id
    and user_id = any (
      case tg_op when 'INSERT' then new.assignee_ids || new.creator_id else new.assignee_ids end)
  on conflict do nothing;
  return null;
end;
$$;

create trigger tasks_watch after insert or update of assignee_ids on tasks
  for each row when (new.project_id is not null) execute function watch_task();

insert into task_watchers (task_id, project_id, user_id, created_at)
select tasks.id, tasks.project_id, user_id, tasks.created_at
from tasks join project_members on project_members.project_id = tasks.project_id
where user_id = any (assignee_ids || creator_id);

-- Read as a sentence: the task blocks, relates to, duplicates, or is a subtask of the other one.
create table task_relations (
  task_id    integer not null references tasks (id) on delete cascade,
  kind       text not null check (kind in ('blocks', 'relates', 'duplicates', 'subtask')),
  other_id   integer not null references tasks (id) on delete cascade,
  created_at timestamptz(3) not null default now(),
  primary key (task_id, kind, other_id),
  check (task_id <> other_id),
  -- It goes both ways, so one row is enough.
  check (kind <> 'relates' or task_id < other_id)
);

create unique index task_relations_task_id_key on task_relations (task_id) where kind = 'subtask';
create index task_relations_other_id_idx on task_relations (other_id);
