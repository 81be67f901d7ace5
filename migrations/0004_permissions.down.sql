-- A mask without a name becomes the greatest role that it includes.
alter table users add column former_role text not null default 'author'
  check (former_role in ('guest', 'author', 'editor', 'admin'));

update users set former_role = case
  when permissions & 128 <> 0 then 'admin'
  when permissions & 15 = 15 then 'editor'
  when permissions & 7 = 7 then 'author'
  else 'guest'
end;

alter table users drop column role, drop column permissions, drop column email_verified_at;
alter table users rename column former_role to role;
alter table users rename constraint users_former_role_check to users_role_check;
