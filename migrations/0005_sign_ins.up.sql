-- A session is one sign-in, be it of a browser (cookie) or of a client that holds tokens. It has a
-- number of its own, by which people list and end theirs, and which access tokens carry.
alter table sessions drop constraint sessions_pkey;
alter table sessions
  add column id integer generated always as identity primary key,
  add column kind text not null default 'cookie' check (kind in ('cookie', 'token')),
  add column remember boolean not null default false,
  alter column id_hash drop not null,
  add constraint sessions_kind_has_its_hash check ((kind = 'cookie') = (id_hash is not null));

create unique index sessions_id_hash_key on sessions (id_hash);

-- The tokens that have renewed, or may yet renew, a sign-in: the used ones are kept, so that one
-- that is used again betrays a theft.
create table refresh_tokens (
  token_hash bytea primary key,
  session_id integer not null references sessions (id) on delete cascade,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  used_at    timestamptz(3)
);

create index refresh_tokens_session_id_idx on refresh_tokens (session_id);
