-- What a user may do is a mask of bits; the role is the name of the masks that have one.
alter table users
  add column permissions integer not null default 7 check (permissions between 0 and 143 and permissions & ~143 = 0),
  add column email_verified_at timestamptz(3);

update users set permissions = case role when 'guest' then 1 when 'author' then 7 when 'editor' then 15 else 143 end;

alter table users drop column role;
alter table users add column role text not null generated always as (
  case permissions when 1 then 'guest' when 7 then 'author' when 15 then 'editor' when 143 then 'admin' else 'custom' end
) stored;
