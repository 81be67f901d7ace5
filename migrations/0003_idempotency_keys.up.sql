-- The first answer to a POST that carried an Idempotency-Key, written in the transaction of the
-- change itself, so that there is never a change without its answer or an answer without its change.
create table idempotency_keys (
  caller       text not null,
  key          text not null check (length(key) <= 255),
  request_hash bytea not null,
  status       integer not null,
  headers      jsonb not null,
  body         jsonb,
  created_at   timestamptz(3) not null default now(),
  primary key (caller, key)
);

create index idempotency_keys_created_at_idx on idempotency_keys (created_at);
