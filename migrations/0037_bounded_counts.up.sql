-- Totals of lists are counted up to a bound, from an index alone.
create index users_active_idx on users (id) where is_active;

-- PostgreSQL before 18 cannot find an id in the index of kind and id.
create index audit_log_resource_id_idx on audit_log (resource_id, id);

-- By any slug, and in order of creation.
create index tags_slug_idx on tags (slug collate "C");
drop index tags_private_slug_idx;
create index tags_created_at_idx on tags (created_at, id);

-- With the columns that moderators filter by. Not a partial index: without statistics, PostgreSQL
-- would take it for a small one, and read it whole to find replies.
drop index comments_created_at_idx;
create index comments_created_at_idx on comments (created_at, id)
  include (post_id, is_approved, rejected_at, deleted_at);
drop index comments_waiting_idx;
create index comments_waiting_idx on comments (created_at, id) include (post_id, rejected_at)
  where not is_approved and deleted_at is null;
create index comments_rejected_idx on comments (created_at, id) include (post_id)
  where rejected_at is not null and deleted_at is null;
