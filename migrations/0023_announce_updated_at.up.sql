-- Every change that a request makes sets updated_at. With it in the list, a change of a column that
-- was added later is announced too, without another migration of this trigger.
drop trigger posts_announce_change on posts;
create trigger posts_announce_change
  after insert or delete or update of title, slug, summary, content, content_html, author_id,
    category_id, published_at, deleted_at, updated_at or truncate on posts
  for each statement execute function announce_article_change();

drop trigger tags_announce_change on tags;
create trigger tags_announce_change
  after insert or update of name, slug, updated_at or delete or truncate on tags
  for each statement execute function announce_article_change();
