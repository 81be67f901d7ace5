drop table refresh_tokens;
delete from sessions where kind = 'token';
drop index sessions_id_hash_key;
alter table sessions
  drop constraint sessions_kind_has_its_hash,
  drop column id,
  drop column kind,
  drop column remember;
alter table sessions add primary key (id_hash);
