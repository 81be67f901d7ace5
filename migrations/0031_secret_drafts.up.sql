-- Nothing of a draft or of the trash may change what others get. So slugs are unique among published
-- posts only: `post_slugs` has the slugs that lead or led to a post while it was published, and a
-- post that is not published now holds none of them against others.
alter table posts
  -- The slug made from the title, of which `slug` is the next free form; null if the author asked for
  -- the slug. While the post is a draft, the slug may still change when it is published.
  add column slug_base text check (length(slug_base) between 1 and 200);

create index posts_slug_idx on posts (slug collate "C");

-- Of drafts that were never published, slugs must not lead to them once they are.
delete from post_slugs using posts
where posts.id = post_slugs.post_id and posts.published_at is null
  and not exists (
    select from audit_log
    where resource = 'post' and resource_id = posts.id::text
      and (action in ('post.publish', 'post.unpublish')
        or before ->> 'status' = 'published' or after ->> 'status' = 'published'));

-- Which of the older tags editors created or changed is known from the audit log alone. A tag without
-- posts has no other origin, and the name of one on a published post is no secret: both stay theirs.
update tags set is_automatic = true
where exists (select from post_tags where tag_id = tags.id)
  and not exists (
    select from post_tags join posts on posts.id = post_tags.post_id
    where post_tags.tag_id = tags.id
      and posts.published_at is not null and posts.deleted_at is null)
  and not exists (
    select from audit_log
    where resource = 'tag' and resource_id = tags.id::text
      and action in ('tag.create', 'tag.change'));

alter table tags
  -- Whether only drafts of one author have the tag. It becomes a tag of all, or part of one, when a
  -- post with it is published. Private tags are unique for none but their owner.
  add column is_private boolean not null default false,
  -- The author of these drafts; null also if the user was deleted.
  add column owner_id integer references users (id) on delete set null,
  -- A tag that an editor created or changed is a tag of all, even without published posts.
  add constraint tags_private_check check (
    case when is_private then is_automatic else owner_id is null end
  );

drop index tags_name_key;
drop index tags_slug_key;
create unique index tags_name_key on tags (name_folded) where not is_private;
create unique index tags_slug_key on tags (slug collate "C") where not is_private;
create index tags_private_name_idx on tags (name_folded, owner_id) where is_private;
create index tags_private_slug_idx on tags (slug collate "C") where is_private;
create index tags_owner_id_idx on tags (owner_id) where owner_id is not null;
