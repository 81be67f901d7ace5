-- Tags with the same name become one: the one of all, or else the oldest.
create temporary table kept_tags on commit drop as
select id, first_value(id) over (
  partition by name_folded order by is_private, id) as kept_id
from tags;
insert into post_tags (post_id, tag_id)
select post_id, kept_id from post_tags join kept_tags on kept_tags.id = tag_id
on conflict do nothing;
delete from tags using kept_tags where kept_tags.id = tags.id and kept_id <> tags.id;
update tags set slug = left(slug, 41) || '-' || left(md5(random()::text), 8)
where is_private
  and exists (select from tags other where other.slug = tags.slug and other.id <> tags.id);

drop index tags_name_key;
drop index tags_slug_key;
alter table tags drop column is_private, drop column owner_id;
create unique index tags_name_key on tags (name_folded);
create unique index tags_slug_key on tags (slug collate "C");

-- Every post gets a slug of its own again; published posts keep theirs.
insert into post_slugs (slug, post_id)
select distinct on (slug collate "C") slug, id from posts
order by slug collate "C", published_at is null or deleted_at is not null, id
on conflict do nothing;
update posts set slug = left(slug, 191) || '-' || left(md5(random()::text), 8)
where not exists (select from post_slugs where post_slugs.slug = posts.slug and post_id = id);
insert into post_slugs (slug, post_id) select slug, id from posts on conflict do nothing;

drop index posts_slug_idx;
alter table posts drop column slug_base;
