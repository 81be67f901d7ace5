-- How often each post was read. Not a column of posts: a count must not rewrite what is indexed.
create table post_views (
  post_id    integer primary key references posts (id) on delete cascade,
  view_count bigint not null default 0
);

create index post_views_view_count_idx on post_views (view_count, post_id);

-- Who has just read what, so that nobody counts twice: a keyed hash, and only for half an hour.
create table post_visits (
  post_id      integer not null references posts (id) on delete cascade,
  visitor_hash bytea not null,
  seen_at      timestamptz(3) not null,
  primary key (post_id, visitor_hash)
);

create index post_visits_seen_at_idx on post_visits (seen_at);

create function begin_post_views() returns trigger language plpgsql as $$
begin
  insert into post_views (post_id) select id from added;
  return null;
end
$$;

create trigger posts_begin_views after insert on posts
  referencing new table as added for each statement execute function begin_post_views();
