drop index comments_rejected_idx;
drop index comments_waiting_idx;
create index comments_waiting_idx on comments (created_at, id)
  where not is_approved and deleted_at is null;
drop index comments_created_at_idx;
create index comments_created_at_idx on comments (created_at, id);

drop index users_active_idx;
