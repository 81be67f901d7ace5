drop trigger audit_log_guard on audit_log;
create trigger audit_log_refuse_change before update or delete on audit_log
  for each row execute function refuse_change();
drop function guard_audit_log();
drop function concerns_deleted_user(audit_log);
drop function is_erasure(jsonb, jsonb);
drop index audit_log_registration_idx;
alter table audit_log drop column erased_at;
drop table audit_repeats;
drop function guard_audit_repeats();
