-- The id that the cookie carries is a key to somebody's account: only its SHA-256 is kept.
create table sessions (
  id_hash      bytea primary key,
  user_id      integer not null references users (id) on delete cascade,
  address      text,
  user_agent   text,
  created_at   timestamptz(3) not null default now(),
  last_seen_at timestamptz(3) not null default now(),
  expires_at   timestamptz(3) not null
);

create index sessions_user_id_idx on sessions (user_id);
create index sessions_expires_at_idx on sessions (expires_at);
