-- Processes keep what they know of a credential for a moment. On commit, a change of what it allows
-- announces a unique name, and they forget it. Not so the use of a session or key, nor a login. The
-- role is not named: it follows from the permissions, and any update of users would be one of it.
create function announce_credential_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if not exists (select from gone) then
      return null;
    end if;
  end if;
  perform pg_notify(
    'credential_changes',
    format('%s-%s', pg_current_xact_id(), (extract(epoch from now()) * 1000000)::bigint)
  );
  return null;
end
$$;

create trigger users_announce_credential_change
  after update of username, permissions, is_active, password_hash or truncate on users
  for each statement execute function announce_credential_change();
create trigger users_announce_credential_end
  after delete on users referencing old table as gone
  for each statement execute function announce_credential_change();
create trigger sessions_announce_credential_change
  after update of user_id, kind, id_hash or truncate on sessions
  for each statement execute function announce_credential_change();
create trigger sessions_announce_credential_end
  after delete on sessions referencing old table as gone
  for each statement execute function announce_credential_change();
create trigger api_keys_announce_credential_change
  after update of user_id, key_hash, scopes, expires_at or truncate on api_keys
  for each statement execute function announce_credential_change();
create trigger api_keys_announce_credential_end
  after delete on api_keys referencing old table as gone
  for each statement execute function announce_credential_change();
