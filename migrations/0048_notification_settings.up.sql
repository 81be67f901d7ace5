-- How users are told of things. A user without a row has the defaults, which are version 1.
create table notification_settings (
  user_id    integer primary key references users (id) on delete cascade,
  -- By kind of notification, where it is other than the default.
  deliveries jsonb not null default '{}' check (
    jsonb_typeof(deliveries) = 'object' and not jsonb_path_exists(deliveries,
      '$.* ? (@ != "none" && @ != "app" && @ != "mail" && @ != "digest")')),
  -- The language of mails.
  language   text not null default 'en' check (language in ('en', 'zh')),
  version    integer not null default 2,
  updated_at timestamptz(3) not null default now()
);

create trigger notification_settings_bump_version before update on notification_settings
  for each row execute function bump_version();

alter table project_members add column muted_at timestamptz(3);

-- The tasks of which members are told nothing. A former member has muted none.
create table task_mutes (
  task_id    integer not null references tasks (id) on delete cascade,
  project_id integer not null,
  user_id    integer not null,
  created_at timestamptz(3) not null default now(),
  primary key (task_id, user_id),
  foreign key (project_id, user_id) references project_members (project_id, user_id)
    on delete cascade
);

create index task_mutes_user_id_idx on task_mutes (user_id);
create index task_mutes_member_idx on task_mutes (project_id, user_id);
