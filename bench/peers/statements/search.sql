select posts.id, posts.title, posts.slug, posts.published_at,
  ts_rank(posts.search, query) as rank,
  ts_headline('english', posts.content_text, query) as snippet
from posts, websearch_to_tsquery('english', $1) as query
where posts.search @@ query and posts.published_at is not null and posts.deleted_at is null
order by rank desc, posts.listed_at desc limit $2 offset $3
