select comments.id, comments.post_id, comments.parent_id,
  coalesce(comments.thread_id, comments.id) as thread_id, comments.depth,
  (
    select jsonb_build_object(
      'id', users.id, 'username', users.username,
      'nickname', users.nickname, 'avatar_url', users.avatar_url)
    from users where users.id = comments.author_id) as author,
  comments.content, comments.content_html, comments.is_approved,
  comments.rejected_at is not null as is_rejected, comments.deleted_at is not null as is_deleted,
  comments.version, comments.created_at, comments.updated_at,
  exists (
    select from comments reply
    where reply.parent_id = comments.id and reply.is_approved
      and reply.deleted_at is null) as has_replies
from comments
where comments.post_id = $1 and comments.parent_id is null and comments.is_approved
  and comments.deleted_at is null
order by comments.created_at, comments.id limit 11 offset $2
