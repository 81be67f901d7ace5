drop index tags_name_key;
alter table tags drop column name_folded;
create unique index tags_name_key on tags (lower(name) collate "C");

drop index categories_name_key;
alter table categories drop column name_folded;
create unique index categories_name_key on categories (lower(name) collate "C");

drop index registrations_email_idx;
drop index registrations_username_key;
alter table registrations drop column username_folded, drop column email_folded;
create unique index registrations_username_key on registrations (lower(username) collate "C");
create index registrations_email_idx on registrations (lower(email) collate "C");

drop index users_email_key;
drop index users_username_key;
alter table users
  drop constraint users_email_folded_check,
  drop column username_folded,
  drop column email_folded;
create unique index users_username_key on users (lower(username) collate "C");
create unique index users_email_key on users (lower(email) collate "C");
