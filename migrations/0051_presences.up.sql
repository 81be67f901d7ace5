-- What a live connection looks at. Processes write the rows of their connections again and again, so
-- a crash of the server may empty the table, and rows of a process that has died are soon too old.
create unlogged table presences (
  connection uuid primary key,
  user_id    integer not null references users (id) on delete cascade,
  topic      text not null check (length(topic) between 1 and 20),
  seen_at    timestamptz(3) not null default now()
);

create index presences_topic_idx on presences (topic);
create index presences_user_id_idx on presences (user_id);
