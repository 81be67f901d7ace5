-- A task belongs to a user, or to a project.
alter table tasks
  alter column owner_id drop not null,
  add column project_id       integer references projects (id) on delete cascade,
  add column number           integer check (number > 0),
  add column status           text
    check (status in ('todo', 'in_progress', 'review', 'done', 'cancelled')),
  add column position         text collate "C" check (length(position) between 1 and 200),
  add column description      text not null default '' check (length(description) <= 50000),
  add column description_html text not null default '',
  add column assignee_ids     integer[] not null default '{}'
    check (cardinality(assignee_ids) <= 20),
  add column label_ids        integer[] not null default '{}' check (cardinality(label_ids) <= 20),
  add column start_on         date,
  add column time_zone        text check (length(time_zone) between 1 and 64),
  add column due_at           timestamptz(3),
  add column estimate         integer check (estimate between 0 and 100000),
  add column recurrence       text check (length(recurrence) <= 200),
  add column checklist        jsonb not null default '[]',
  add column creator_id       integer references users (id) on delete set null,
  add column deleted_by       integer references users (id) on delete set null,
  add constraint tasks_belong_to_check check (
    num_nonnulls(owner_id, project_id) = 1
    and num_nonnulls(project_id, number, status, position, time_zone) in (0, 5)
    and (project_id is null or (due_on is null) = (due_at is null)));

update tasks set deleted_by = owner_id where deleted_at is not null;
create index tasks_project_trash_idx on tasks (project_id, deleted_at, id)
  where project_id is not null and deleted_at is not null;
create index tasks_deleted_by_idx on tasks (deleted_by) where deleted_by is not null;
create index tasks_owned_idx on tasks (owner_id) where owner_id is not null;

create unique index tasks_number_key on tasks (project_id, number) where project_id is not null;
create index tasks_column_idx on tasks (project_id, status, position, id)
  where project_id is not null and deleted_at is null;
create index tasks_project_id_idx on tasks (project_id) where project_id is not null;
create index tasks_assignee_ids_idx on tasks using gin (assignee_ids)
  where project_id is not null;
create index tasks_label_ids_idx on tasks using gin (label_ids)
  where project_id is not null;
create index tasks_creator_id_idx on tasks (creator_id) where creator_id is not null;

create table project_labels (
  id          integer generated always as identity primary key,
  project_id  integer not null references projects (id) on delete cascade,
  name        text not null check (length(name) between 1 and 50),
  name_folded text not null collate "C",
  color       text not null check (color ~ '^#[0-9a-f]{6}$'),
  version     integer not null default 1,
  created_at  timestamptz(3) not null default now(),
  updated_at  timestamptz(3) not null default now()
);

create unique index project_labels_name_key on project_labels (project_id, name_folded);

create trigger project_labels_bump_version before update on project_labels
  for each row execute function bump_version();

-- Nobody stays assigned who is no longer a member, however the membership ended.
create function unassign_former_member() returns trigger language plpgsql as $$
begin
  update tasks set assignee_ids = array_remove(assignee_ids, old.user_id), updated_at = now()
  where project_id = old.project_id and assignee_ids @> array[old.user_id];
  return null;
end;
$$;

create trigger project_members_unassign after delete on project_members
  for each row execute function unassign_former_member();
