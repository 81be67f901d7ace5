with recursive beneath as (
  select reply.* from comments reply
  where reply.parent_id = any ($1::integer[]) and reply.is_approved and reply.deleted_at is null
  union all
  select reply.* from beneath join comments reply on reply.parent_id = beneath.id
  where reply.is_approved and reply.deleted_at is null)
select comments.id, comments.post_id, comments.parent_id,
  coalesce(comments.thread_id, comments.id) as thread_id, comments.depth,
  (
    select jsonb_build_object(
      'id', users.id, 'username', users.username,
      'nickname', users.nickname, 'avatar_url', users.avatar_url)
    from users where users.id = comments.author_id) as author,
  comments.content, comments.content_html, comments.is_approved,
  comments.rejected_at is not null as is_rejected, comments.deleted_at is not null as is_deleted,
  comments.version, comments.created_at, comments.updated_at
from beneath as comments
order by comments.parent_id, comments.created_at, comments.id
