create table categories (
  id          integer generated always as identity primary key,
  name        text not null check (length(name) between 1 and 50),
  slug        text not null check (length(slug) between 1 and 50),
  description text not null default '' check (length(description) <= 200),
  version     integer not null default 1,
  created_at  timestamptz(3) not null default now(),
  updated_at  timestamptz(3) not null default now()
);

create unique index categories_name_key on categories (lower(name) collate "C");
create unique index categories_slug_key on categories (slug collate "C");

create table tags (
  id           integer generated always as identity primary key,
  name         text not null check (length(name) between 1 and 50),
  slug         text not null check (length(slug) between 1 and 50),
  -- The name as it is indexed for search: Chinese is cut into words by the service.
  search_words text not null default '',
  version      integer not null default 1,
  created_at   timestamptz(3) not null default now(),
  updated_at   timestamptz(3) not null default now()
);

create unique index tags_name_key on tags (lower(name) collate "C");
create unique index tags_slug_key on tags (slug collate "C");

create table posts (
  id              integer generated always as identity primary key,
  title           text not null check (length(title) between 1 and 200),
  slug            text not null check (length(slug) between 1 and 200),
  summary         text not null default '' check (length(summary) <= 500),
  content         text not null check (length(content) <= 200000),
  -- What the service makes of the Markdown: sanitised HTML, bare text, and its beginning.
  content_html    text not null,
  content_text    text not null,
  excerpt         text not null,
  reading_minutes integer not null,
  author_id       integer references users (id) on delete set null,
  category_id     integer references categories (id) on delete set null,
  published_at    timestamptz(3),
  status          text not null generated always as
                    (case when published_at is null then 'draft' else 'published' end) stored,
  -- The file from which it was imported, relative to the folder.
  source_path     text check (length(source_path) <= 1024),
  -- Weights: title A, summary B, content C, tags D.
  search          tsvector not null,
  -- The words of the title unstemmed, for suggestions.
  title_search    tsvector not null,
  version         integer not null default 1,
  created_at      timestamptz(3) not null default now(),
  updated_at      timestamptz(3) not null default now(),
  -- Where it stands in time: by this lists are sorted.
  listed_at       timestamptz(3) not null generated always as (coalesce(published_at, created_at)) stored,
  deleted_at      timestamptz(3),
  deleted_by      integer references users (id) on delete set null
);

create unique index posts_source_path_key on posts (source_path collate "C");
create index posts_listed_at_idx on posts (listed_at, id) where deleted_at is null;
create index posts_published_idx on posts (listed_at, id)
  where published_at is not null and deleted_at is null;
create index posts_drafts_idx on posts (listed_at, id)
  where published_at is null and deleted_at is null;
create index posts_own_drafts_idx on posts (author_id, listed_at, id)
  where published_at is null and deleted_at is null;
create index posts_title_idx on posts ((lower(title) collate "C"), id) where deleted_at is null;
-- With what tells whether a post is public, so that counting needs the index alone.
create index posts_author_id_idx on posts (author_id, listed_at, id)
  include (published_at, deleted_at);
create index posts_category_id_idx on posts (category_id, listed_at, id)
  include (published_at, deleted_at);
create index posts_deleted_at_idx on posts (deleted_at, id) where deleted_at is not null;
create index posts_deleted_by_idx on posts (deleted_by) where deleted_by is not null;
create index posts_search_idx on posts using gin (search);
create index posts_title_search_idx on posts using gin (title_search);

-- Every slug that a post has or ever had: whoever comes with an old one is sent to the new one.
create table post_slugs (
  slug       text collate "C" primary key,
  post_id    integer not null references posts (id) on delete cascade,
  created_at timestamptz(3) not null default now()
);

create index post_slugs_post_id_idx on post_slugs (post_id);

create table post_tags (
  post_id integer not null references posts (id) on delete cascade,
  tag_id  integer not null references tags (id) on delete cascade,
  primary key (post_id, tag_id)
);

create index post_tags_tag_id_idx on post_tags (tag_id, post_id);

create trigger categories_bump_version before update on categories
  for each row execute function bump_version();
create trigger tags_bump_version before update of name, slug on tags
  for each row execute function bump_version();
-- Search words are made from the rest: they are no change of the post.
create trigger posts_bump_version
  before update of title, slug, summary, content, content_html, author_id, category_id, published_at,
    deleted_at, updated_at on posts
  for each row execute function bump_version();
