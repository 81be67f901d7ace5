-- The SHA-256 of the file as it was imported: what has not changed since is left alone.
alter table posts add column source_hash text check (source_hash ~ '^[0-9a-f]{64}$');
