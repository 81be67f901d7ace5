select count(*) as count from (
  select posts.id from posts
  where (posts.published_at is not null and posts.deleted_at is null)
  order by posts.listed_at desc limit 10001) as found
