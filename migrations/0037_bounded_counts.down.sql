drop index comments_rejected_idx;
drop index comments_waiting_idx;
create index comments_waiting_idx on comments (created_at, id)
  where not is_approved and deleted_at is null;
drop index comments_created_at_idx;
create index comments_created_at_idx on comments (created_at, id);

drop index tags_created_at_idx;
create index tags_private_slug_idx on tags (slug collate "C") where is_private;
drop index tags_slug_idx;

drop index audit_log_resource_id_idx;

drop index users_active_idx;
