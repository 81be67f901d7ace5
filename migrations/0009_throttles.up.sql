-- How often something was tried in vain. What was tried, and from where, is told by a hash only.
create table throttles (
  key_hash      bytea primary key,
  failures      integer not null,
  blocked_until timestamptz(3),
  updated_at    timestamptz(3) not null
);

create index throttles_updated_at_idx on throttles (updated_at);
