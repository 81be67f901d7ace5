-- Changes that others may want to see, in the order of their ids, see docs/decisions/0026.
create table events (
  id          bigint generated always as identity primary key,
  at          timestamptz(3) not null default now(),
  type        text not null check (length(type) between 1 and 64),
  topics      text[] not null check (cardinality(topics) between 1 and 8),
  resource_id integer not null,
  version     integer,
  -- Whether it concerns everyone; otherwise the user, and those who may see what is theirs.
  is_public   boolean not null,
  user_id     integer,
  actor_id    integer,
  client_id   text check (length(client_id) <= 64),
  changes     jsonb not null,
  omitted     text[] not null default '{}'
);

create index events_topics_idx on events using gin (topics);
create index events_user_id_idx on events (user_id) where user_id is not null;

-- The id up to which events were removed because of their age.
create table event_removals (
  is_only         boolean primary key default true check (is_only),
  removed_through bigint not null default 0
);
insert into event_removals default values;

-- A transaction that inserts events holds a lock until its end. The key contains the last id that
-- was given out before: all of its own are higher.
create function hold_event_order() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared((6649460::bigint << 40) | given.last_id)
  from (
    select case when is_called then last_value else last_value - 1 end as last_id
    from events_id_seq) given;
  return null;
end;
$$;

create trigger events_hold_order before insert on events
  for each statement execute function hold_event_order();

-- Returns the id up to which no further event can appear. The order of the two statements matters:
-- whoever has given out an id that the first sees already holds the lock that the second looks for.
create function settled_event() returns bigint language plpgsql volatile as $$
declare
  last_id bigint;
  held_id bigint;
begin
  -- With one snapshot for all statements, what is settled would not be visible.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'events are read in transactions of the isolation level read committed only';
  end if;
  select case when is_called then last_value else last_value - 1 end into last_id
  from events_id_seq;
  select min(((classid::bigint & 255) << 32) | objid::bigint) into held_id
  from pg_locks
  where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 8 = 6649460
    and database = (select oid from pg_database where datname = current_database());
  return least(last_id, held_id);
end;
$$;

-- Returns the events after an id, oldest first, up to the settled one. Each statement of a volatile
-- function has a snapshot of its own, so the second sees what the first has found to be settled.
create function events_after(after_id bigint, most integer) returns setof events
language plpgsql volatile rows 100 as $$
declare
  settled_id bigint;
begin
  settled_id := settled_event();
  return query
    select * from events where id > after_id and id <= settled_id order by id limit most;
end;
$$;
