-- The token in whose place a refresh token was issued. Two tokens with the same parent are two lines
-- of one session, of which only one belongs to its client.
alter table refresh_tokens add column parent_hash bytea;

-- A browser or client that has signed in to an account before. Only the SHA-256 of its secret is
-- kept. Its wrong passwords are counted apart from those of strangers, who cannot lock it out.
create table devices (
  id           integer generated always as identity primary key,
  user_id      integer not null references users (id) on delete cascade,
  secret_hash  bytea not null,
  created_at   timestamptz(3) not null default now(),
  last_used_at timestamptz(3) not null default now()
);

create unique index devices_secret_hash_key on devices (secret_hash);
create index devices_user_id_idx on devices (user_id);
create index devices_last_used_at_idx on devices (last_used_at);
