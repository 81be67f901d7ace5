drop table post_tags;
drop table post_slugs;
drop table posts;
drop table tags;
drop table categories;
