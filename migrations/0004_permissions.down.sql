alter table users drop column role;
alter table users add column role text not null default 'author' check (role in ('guest', 'author', 'editor', 'admin'));

-- A mask without a name becomes the greatest role that it includes.
update users set role = case
  when permissions & 128 <> 0 then 'admin'
  when permissions & 15 = 15 then 'editor'
  when permissions & 7 = 7 then 'author'
  else 'guest'
end;

alter table users drop column permissions, drop column email_verified_at;
