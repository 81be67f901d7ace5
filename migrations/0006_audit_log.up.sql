-- Who did what. There is no foreign key: the log outlives those of whom it speaks, and it holds
-- their number and not their name.
create table audit_log (
  id          bigint generated always as identity primary key,
  at          timestamptz(3) not null default now(),
  actor_id    integer,
  credential  text check (credential in ('session', 'token', 'key')),
  action      text not null check (length(action) <= 64),
  resource    text not null check (length(resource) <= 64),
  resource_id text check (length(resource_id) <= 64),
  address     text,
  request_id  text check (length(request_id) <= 64),
  before      jsonb,
  after       jsonb
);

create index audit_log_actor_id_idx on audit_log (actor_id, id);
create index audit_log_resource_idx on audit_log (resource, resource_id, id);
create index audit_log_action_idx on audit_log (action, id);
create index audit_log_at_idx on audit_log (at, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_log_refuse_change before update or delete on audit_log
  for each row execute function refuse_change();
create trigger audit_log_refuse_truncate before truncate on audit_log
  for each statement execute function refuse_change();
