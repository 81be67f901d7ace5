-- The secrets with which calendar programs read the calendars of a user. A user has at most one.
create table calendar_tokens (
  user_id      integer primary key references users (id) on delete cascade,
  token_hash   bytea not null check (length(token_hash) = 32),
  created_at   timestamptz(3) not null default now(),
  -- Accurate to the hour.
  last_used_at timestamptz(3)
);

create unique index calendar_tokens_token_hash_key on calendar_tokens (token_hash);
