-- Usernames, email addresses and names of categories and tags are compared by the form that `fold`
-- (src/lib/fold.ts) makes of them. PostgreSQL's lower() is not used, because it depends on the
-- locale of the database, and does not unify composed and decomposed letters. The folded names of
-- existing rows are in temporary tables, written by src/db/fold-names.ts.
--
-- Folded columns have the collation "C", so that order, and with it every cursor, is the same on
-- every server.
alter table users
  add column username_folded text collate "C",
  add column email_folded text collate "C";
-- The rows stay the same resources, so their versions stay, too.
alter table users disable trigger users_bump_version;
update users set username_folded = folded.username, email_folded = folded.email
  from folded_users as folded where folded.id = users.id;
alter table users enable trigger users_bump_version;
alter table users
  alter column username_folded set not null,
  add constraint users_email_folded_check check ((email is null) = (email_folded is null));
drop index users_username_key;
drop index users_email_key;
create unique index users_username_key on users (username_folded);
create unique index users_email_key on users (email_folded);

alter table registrations
  add column username_folded text collate "C",
  add column email_folded text collate "C";
update registrations set username_folded = folded.username, email_folded = folded.email
  from folded_registrations as folded where folded.id = registrations.id;
alter table registrations
  alter column username_folded set not null,
  alter column email_folded set not null;
drop index registrations_username_key;
drop index registrations_email_idx;
create unique index registrations_username_key on registrations (username_folded);
create index registrations_email_idx on registrations (email_folded);

alter table categories add column name_folded text collate "C";
alter table categories disable trigger categories_bump_version;
update categories set name_folded = folded.name
  from folded_categories as folded where folded.id = categories.id;
alter table categories enable trigger categories_bump_version;
alter table categories alter column name_folded set not null;
drop index categories_name_key;
create unique index categories_name_key on categories (name_folded);

alter table tags add column name_folded text collate "C";
update tags set name_folded = folded.name
  from folded_tags as folded where folded.id = tags.id;
alter table tags alter column name_folded set not null;
drop index tags_name_key;
create unique index tags_name_key on tags (name_folded);
