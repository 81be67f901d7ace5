-- Tells every process, when the transaction commits, that what public lists and posts show has
-- changed. A trigger, so that no statement can forget it. The payload names the transaction, and no
-- other in any database: several may share what keeps answers.
--
-- Of comments everyone sees those that are approved and not deleted: while one waits, or is decided
-- against, nothing changes for them. That is looked up once for all rows of a statement. All is in
-- this one function, since a restored dump runs it where no other of ours is found by its bare name.
create function announce_article_change() returns trigger language plpgsql as $$
declare
  is_seen boolean := tg_table_name <> 'comments' or tg_op = 'TRUNCATE';
begin
  if not is_seen and tg_op <> 'INSERT' then
    is_seen := exists (select from old_rows where is_approved and deleted_at is null);
  end if;
  if not is_seen and tg_op <> 'DELETE' then
    is_seen := exists (select from new_rows where is_approved and deleted_at is null);
  end if;
  if is_seen then
    perform pg_notify(
      'article_changes',
      format('%s-%s', pg_current_xact_id(), (extract(epoch from now()) * 1000000)::bigint)
    );
  end if;
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
create trigger comments_announce_insert
  after insert on comments referencing new table as new_rows
  for each statement execute function announce_article_change();
create trigger comments_announce_update
  after update on comments referencing old table as old_rows new table as new_rows
  for each statement execute function announce_article_change();
create trigger comments_announce_delete
  after delete on comments referencing old table as old_rows
  for each statement execute function announce_article_change();
create trigger comments_announce_truncate
  after truncate on comments
  for each statement execute function announce_article_change();
create trigger users_announce_change
  after update of username, nickname, avatar_url or delete or truncate on users
  for each statement execute function announce_article_change();
