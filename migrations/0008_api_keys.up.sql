-- Only the SHA-256 of a key is kept: it has 256 random bits, so no slow hash is needed.
create table api_keys (
  id           integer generated always as identity primary key,
  user_id      integer not null references users (id) on delete cascade,
  name         text not null check (length(name) between 1 and 100),
  prefix       text not null,
  key_hash     bytea not null,
  scopes       text[] not null,
  created_at   timestamptz(3) not null default now(),
  last_used_at timestamptz(3),
  expires_at   timestamptz(3)
);

create unique index api_keys_key_hash_key on api_keys (key_hash);
create index api_keys_user_id_idx on api_keys (user_id, id);
