drop trigger posts_begin_views on posts;
drop function begin_post_views;
drop table post_visits;
drop table post_views;
