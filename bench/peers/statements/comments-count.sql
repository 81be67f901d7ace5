select count(*) as count from (
  select from comments
  where post_id = $1 and parent_id is null and is_approved and deleted_at is null
  limit 10001) as found
