-- Tells every process, when the transaction commits, that what public lists and posts show has
-- changed. A trigger, so that no statement can forget it. The payload names the transaction, and no
-- other in any database: several may share what keeps answers.
create function announce_article_change() returns trigger language plpgsql as $$
begin
  perform pg_notify(
    'article_changes',
    format('%s-%s', pg_current_xact_id(), (extract(epoch from now()) * 1000000)::bigint)
  );
  return null;
end
$$;

create trigger posts_announce_change
  after insert or delete or update of title, slug, summary, content, content_html, author_id,
    category_id, published_at, deleted_at or truncate on posts
  for each statement execute function announce_article_change();
create trigger categories_announce_change
  after insert or update or delete or truncate on categories
  for each statement execute function announce_article_change();
create trigger tags_announce_change
  after insert or update of name, slug or delete or truncate on tags
  for each statement execute function announce_article_change();
create trigger post_tags_announce_change
  after insert or update or delete or truncate on post_tags
  for each statement execute function announce_article_change();
create trigger comments_announce_change
  after insert or update or delete or truncate on comments
  for each statement execute function announce_article_change();
create trigger users_announce_change
  after update of username, nickname, avatar_url or delete or truncate on users
  for each statement execute function announce_article_change();
