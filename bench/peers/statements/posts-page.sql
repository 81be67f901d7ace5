select posts.id, posts.title, posts.slug, posts.summary, posts.excerpt, posts.status,
  posts.author_id, posts.category_id, posts.reading_minutes, posts.published_at,
  posts.created_at, posts.updated_at, posts.version, posts.sort_key,
  (
    select jsonb_build_object(
      'id', users.id, 'username', users.username,
      'nickname', users.nickname, 'avatar_url', users.avatar_url)
    from users where users.id = posts.author_id) as author,
  (
    select jsonb_build_object('id', categories.id, 'name', categories.name, 'slug', categories.slug)
    from categories where categories.id = posts.category_id) as category,
  (
    select coalesce(
      jsonb_agg(jsonb_build_object('id', tags.id, 'name', tags.name, 'slug', tags.slug)
        order by tags.name_folded), '[]')
    from post_tags join tags on tags.id = post_tags.tag_id
    where post_tags.post_id = posts.id) as tags,
  (
    select post_views.view_count from post_views where post_views.post_id = posts.id) as view_count,
  (
    select count(*) from comments
    where comments.post_id = posts.id and comments.is_approved
      and comments.deleted_at is null) as comment_count
from (
  with found as materialized (
    select posts.id, posts.title, posts.slug, posts.summary, posts.excerpt, posts.status,
      posts.author_id, posts.category_id, posts.reading_minutes, posts.published_at,
      posts.created_at, posts.updated_at, posts.version, posts.listed_at as sort_key
    from posts where (posts.published_at is not null and posts.deleted_at is null)
    order by posts.listed_at desc, id desc limit 11 offset $1)
  select * from found order by found.sort_key desc, found.id desc limit 11 offset $2) as posts
order by posts.sort_key desc, posts.id desc
