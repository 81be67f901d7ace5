drop table devices;

alter table refresh_tokens drop column parent_hash;
