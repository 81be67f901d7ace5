-- Somebody who has registered and not yet confirmed the address. They become a user when they do;
-- until then nothing of them can be seen, and after some time it is removed.
create table registrations (
  id            integer generated always as identity primary key,
  username      text not null check (length(username) between 2 and 50),
  email         text not null check (length(email) <= 120),
  password_hash text not null check (length(password_hash) <= 256),
  token_hash    bytea,
  created_at    timestamptz(3) not null default now(),
  expires_at    timestamptz(3) not null
);

create unique index registrations_username_key on registrations (lower(username) collate "C");
create unique index registrations_token_hash_key on registrations (token_hash);
create index registrations_email_idx on registrations (lower(email) collate "C");
create index registrations_expires_at_idx on registrations (expires_at);

-- A secret that was sent to an address and proves, once, that somebody reads what arrives there.
create table email_tokens (
  token_hash bytea primary key,
  user_id    integer not null references users (id) on delete cascade,
  purpose    text not null check (purpose in ('change_email', 'reset_password')),
  email      text not null check (length(email) <= 120),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null
);

create index email_tokens_user_id_idx on email_tokens (user_id, purpose);
create index email_tokens_expires_at_idx on email_tokens (expires_at);
