-- The version that a post had after its import: whether it has been changed here since.
alter table posts add column source_version integer;
