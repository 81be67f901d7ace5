-- The version of a row is counted by the database, so that no statement can forget it: the ETag of
-- a resource is made from it.
create function bump_version() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  return new;
end
$$;

create table users (
  id            integer generated always as identity primary key,
  username      text not null check (length(username) between 2 and 50),
  email         text check (length(email) <= 120),
  password_hash text check (length(password_hash) <= 256),
  nickname      text not null default '' check (length(nickname) <= 50),
  bio           text not null default '' check (length(bio) <= 2000),
  avatar_url    text check (length(avatar_url) <= 256),
  age           integer check (age between 0 and 150),
  tags          text[] not null default '{}',
  address       jsonb,
  role          text not null default 'author' check (role in ('guest', 'author', 'editor', 'admin')),
  is_active     boolean not null default true,
  version       integer not null default 1,
  created_at    timestamptz(3) not null default now(),
  updated_at    timestamptz(3) not null default now(),
  last_login_at timestamptz(3)
);

-- Unique without regard to case. The collation is named so that order, and with it every cursor,
-- is the same on every server.
create unique index users_username_key on users (lower(username) collate "C");
create unique index users_email_key on users (lower(email) collate "C");
create index users_created_at_idx on users (created_at, id);
create index users_last_login_at_idx on users (last_login_at);

create trigger users_bump_version before update on users for each row execute function bump_version();
