drop trigger tags_announce_change on tags;
create trigger tags_announce_change
  after insert or update of name, slug or delete or truncate on tags
  for each statement execute function announce_article_change();

drop trigger posts_announce_change on posts;
create trigger posts_announce_change
  after insert or delete or update of title, slug, summary, content, content_html, author_id,
    category_id, published_at, deleted_at or truncate on posts
  for each statement execute function announce_article_change();
