-- What users are told of. Whether they may still see it is decided when it is read.
create table notifications (
  id            integer generated always as identity primary key,
  user_id       integer not null references users (id) on delete cascade,
  kind          text not null
    check (kind in ('assigned', 'mentioned', 'commented', 'moved', 'due_soon', 'invited')),
  project_id    integer not null references projects (id) on delete cascade,
  task_id       integer references tasks (id) on delete cascade,
  comment_id    integer references task_comments (id) on delete cascade,
  invitation_id integer references project_invitations (id) on delete cascade,
  actor_id      integer references users (id) on delete set null,
  due_at        timestamptz(3),
  -- In the app only, or also by a mail at once, or in the next digest.
  delivery      text not null check (delivery in ('app', 'mail', 'digest')),
  created_at    timestamptz(3) not null default now(),
  read_at       timestamptz(3),
  mailed_at     timestamptz(3),
  -- The user as a member of the project; null for an invitation.
  member_id     integer,
  -- Whoever leaves a project loses what they were told of it.
  foreign key (project_id, member_id) references project_members (project_id, user_id)
    on delete cascade,
  check (member_id is not distinct from case when kind <> 'invited' then user_id end),
  check ((kind = 'invited') = (invitation_id is not null)),
  check ((kind = 'invited') = (task_id is null)),
  check ((kind in ('mentioned', 'commented')) = (comment_id is not null)),
  check ((kind = 'due_soon') = (due_at is not null))
);

create index notifications_user_id_idx on notifications (user_id, id);
create index notifications_unread_idx on notifications (user_id, id) where read_at is null;
-- Finds recent ones that are mailed, and what the next digest contains.
create index notifications_mail_idx on notifications (user_id, created_at)
  where delivery = 'mail';
create index notifications_digest_idx on notifications (user_id, id)
  where delivery in ('mail', 'digest') and read_at is null and mailed_at is null;
create index notifications_read_at_idx on notifications (read_at) where read_at is not null;
create unique index notifications_due_at_key on notifications (user_id, task_id, due_at)
  where kind = 'due_soon';

create index notifications_member_idx on notifications (project_id, member_id);
create index notifications_task_id_idx on notifications (task_id) where task_id is not null;
create index notifications_comment_id_idx on notifications (comment_id)
  where comment_id is not null;
create index notifications_invitation_id_idx on notifications (invitation_id)
  where invitation_id is not null;
create index notifications_actor_id_idx on notifications (actor_id) where actor_id is not null;

-- When a user was sent mails about single notifications, as far as they count towards the limit. It
-- does not forget those whose notifications were deleted.
create table notification_mailings (
  user_id integer primary key references users (id) on delete cascade,
  times   timestamptz(3)[] not null check (cardinality(times) <= 100)
);

-- Finds the tasks that are due soon.
create index tasks_due_at_idx on tasks (due_at, id)
  where project_id is not null and deleted_at is null and status not in ('done', 'cancelled');
