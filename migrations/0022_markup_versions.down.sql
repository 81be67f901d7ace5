drop trigger posts_bump_version on posts;
create trigger posts_bump_version
  before update of title, slug, summary, content, content_html, author_id, category_id, published_at,
    deleted_at, updated_at on posts
  for each row execute function bump_version();

drop trigger comments_bump_version on comments;
create trigger comments_bump_version
  before update of content, content_html, author_id, is_approved, rejected_at, deleted_at, updated_at
  on comments
  for each row execute function bump_version();
