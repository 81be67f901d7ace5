create table projects (
  id                integer generated always as identity primary key,
  key               text not null,
  name              text not null check (length(name) between 1 and 100),
  searched_name     text collate "C" not null,
  description       text not null default '' check (length(description) <= 2000),
  time_zone         text not null check (length(time_zone) between 1 and 64),
  in_progress_limit integer check (in_progress_limit between 1 and 1000),
  review_limit      integer check (review_limit between 1 and 1000),
  -- The number of the newest task: numbers are never used twice.
  last_number       integer not null default 0,
  version           integer not null default 1,
  archived_at       timestamptz(3),
  created_at        timestamptz(3) not null default now(),
  updated_at        timestamptz(3) not null default now(),
  deleted_at        timestamptz(3),
  deleted_by        integer references users (id) on delete set null
);

create index projects_deleted_at_idx on projects (deleted_at, id) where deleted_at is not null;
create index projects_deleted_by_idx on projects (deleted_by) where deleted_by is not null;

create trigger projects_bump_version
  before update of key, name, description, time_zone, in_progress_limit, review_limit, archived_at,
    deleted_at on projects
  for each row execute function bump_version();

-- The keys that each project has or had, so that an old task number leads to the task for ever.
create table project_keys (
  key        text not null check (key ~ '^[A-Z][A-Z0-9]{1,9}$'),
  project_id integer not null references projects (id) on delete cascade
);

create unique index project_keys_key_key on project_keys (key);
create index project_keys_project_id_idx on project_keys (project_id);

create table project_members (
  project_id integer not null references projects (id) on delete cascade,
  user_id    integer not null references users (id) on delete cascade,
  role       text not null check (role in ('viewer', 'member', 'owner')),
  joined_at  timestamptz(3) not null default now(),
  primary key (project_id, user_id)
);

create index project_members_user_id_idx on project_members (user_id);

create table project_invitations (
  id           integer generated always as identity primary key,
  project_id   integer not null references projects (id) on delete cascade,
  -- The invited user, or the address that a mail goes to.
  user_id      integer references users (id) on delete cascade,
  email        text check (length(email) <= 254),
  email_folded text collate "C",
  role         text not null check (role in ('viewer', 'member', 'owner')),
  token_hash   bytea check (length(token_hash) = 32),
  -- An invitation does not outlive the rights of whoever made it.
  invited_by   integer not null references users (id) on delete cascade,
  created_at   timestamptz(3) not null default now(),
  expires_at   timestamptz(3) not null,
  check ((user_id is null) = (email is not null)),
  check ((email is null) = (email_folded is null)),
  check (email is not null or token_hash is null)
);

create unique index project_invitations_user_id_key on project_invitations (project_id, user_id)
  where user_id is not null;
create unique index project_invitations_email_key on project_invitations (project_id, email_folded)
  where email_folded is not null;
create unique index project_invitations_token_hash_key on project_invitations (token_hash)
  where token_hash is not null;
create index project_invitations_project_id_idx on project_invitations (project_id);
create index project_invitations_user_id_idx on project_invitations (user_id)
  where user_id is not null;
create index project_invitations_email_folded_idx on project_invitations (email_folded)
  where email_folded is not null;
create index project_invitations_invited_by_idx on project_invitations (invited_by);
create index project_invitations_expires_at_idx on project_invitations (expires_at);

-- A project does not lose its last owner with the user: the active member of longest standing takes
-- over. One without other members goes with its owner, and so do its events.
create function hand_on_projects() returns trigger language plpgsql as $$
declare
  joined integer;
  heir   integer;
begin
  for joined in
    select project_id from project_members where user_id = old.id order by project_id
  loop
    -- Whoever is changing its members or tasks comes first.
    perform from projects where id = joined for no key update;
    select user_id into heir
    from project_members join users on users.id = user_id
    where project_id = joined and user_id <> old.id
    order by project_members.role = 'owner' desc, is_active desc,
      project_members.role = 'member' desc, joined_at, user_id
    limit 1;
    if heir is null then
      delete from events where project_id = joined;
      delete from projects where id = joined;
    else
      update project_members set role = 'owner'
      where project_id = joined and user_id = heir and role <> 'owner' and not exists (
        select from project_members
        where project_id = joined and role = 'owner' and user_id <> old.id);
    end if;
  end loop;
  return old;
end;
$$;

create trigger users_hand_on_projects before delete on users
  for each row execute function hand_on_projects();
