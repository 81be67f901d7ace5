drop trigger users_announce_change on users;
drop trigger comments_announce_change on comments;
drop trigger post_tags_announce_change on post_tags;
drop trigger tags_announce_change on tags;
drop trigger categories_announce_change on categories;
drop trigger posts_announce_change on posts;
drop function announce_article_change;
