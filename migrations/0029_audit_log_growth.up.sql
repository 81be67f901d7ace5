-- Repeats of a refused attempt are counted here instead of being logged one by one, so that entries
-- stay as they were written. The hashes identify the attempt while its window is open, and are null
-- afterwards: names that belong to nobody must not be guessed from them later.
create table audit_repeats (
  -- Without a foreign key, which would change the error of a refused truncate.
  entry_id     bigint primary key,
  action       text not null check (length(action) <= 64),
  count        integer not null default 1 check (count >= 1),
  began_at     timestamptz(3) not null,
  last_at      timestamptz(3) not null check (last_at >= began_at),
  key_hash     bytea,
  network_hash bytea
);

create unique index audit_repeats_key_hash_key on audit_repeats (key_hash);
create index audit_repeats_open_idx on audit_repeats (action, began_at, network_hash)
  where key_hash is not null;

create function guard_audit_repeats() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.began_at < nullif(current_setting('althing.audit_remove_before', true), '')::timestamptz
    then
      return old;
    end if;
  elsif tg_op = 'UPDATE' then
    if (new.entry_id, new.action, new.began_at) = (old.entry_id, old.action, old.began_at)
      and new.count >= old.count and new.last_at >= old.last_at
      and (new.key_hash is null or new.key_hash = old.key_hash)
      and (new.network_hash is null or new.network_hash = old.network_hash)
    then
      return new;
    end if;
  end if;
  raise exception '% only counts up', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_repeats_guard before update or delete on audit_repeats
  for each row execute function guard_audit_repeats();
create trigger audit_repeats_refuse_truncate before truncate on audit_repeats
  for each statement execute function refuse_change();

-- When personal data was erased from the entry, because its user was deleted.
alter table audit_log add column erased_at timestamptz(3);

-- Finds the registration of a deleted user, which was recorded before the user had an id.
create index audit_log_registration_idx on audit_log ((after ->> 'registration'))
  where action in ('account.register', 'account.verify');

-- Whether the fields are the same, except that some values are null now.
create function is_erasure(fields jsonb, erased jsonb) returns boolean
language sql immutable as $$
  select case
    when fields is null or erased is null then fields is null and erased is null
    else not exists (
      select from jsonb_each(fields) as one full join jsonb_each(erased) as other
        on one.key = other.key
      where one.key is null or other.key is null
        or (one.value <> other.value and other.value <> 'null'::jsonb))
  end
$$;

-- Whether the entry tells of a user who was deleted: the actor, or the one it was done to.
create function concerns_deleted_user(entry audit_log) returns boolean
language sql stable as $$
  select (entry.actor_id is not null
      and not exists (select from users where id = entry.actor_id))
    or (entry.resource = 'user' and entry.resource_id ~ '^[0-9]{1,9}$'
      and not exists (select from users where id = entry.resource_id::integer))
    or (entry.action = 'account.register'
      and not exists (
        select from audit_log as verified join users on users.id = verified.actor_id
        where verified.action in ('account.register', 'account.verify')
          and verified.after ->> 'registration' = entry.after ->> 'registration'))
$$;

-- The log is append-only, with two exceptions, which a transaction must ask for by a setting:
-- entries before a timestamp are removed, and the personal data of deleted users is erased.
create function guard_audit_log() returns trigger language plpgsql as $$
declare
  erasable constant text[] := '{address,before,after,erased_at}';
begin
  if tg_op = 'DELETE' then
    if old.at < nullif(current_setting('althing.audit_remove_before', true), '')::timestamptz then
      return old;
    end if;
  elsif current_setting('althing.audit_erase', true) = 'on' then
    if to_jsonb(new) - erasable = to_jsonb(old) - erasable
      and (new.address is null or new.address = old.address)
      and is_erasure(old.before, new.before)
      and is_erasure(old.after, new.after)
      and new.erased_at is not null
      and concerns_deleted_user(old)
    then
      return new;
    end if;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

drop trigger audit_log_refuse_change on audit_log;
create trigger audit_log_guard before update or delete on audit_log
  for each row execute function guard_audit_log();
