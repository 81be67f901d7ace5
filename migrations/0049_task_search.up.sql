-- Words of tasks and of comments on them. What a task belongs to is one of its words, `project/12` or
-- `owner/7`, which no text contains: a slash separates words. Rows are indexed by the job `re_render`.
alter table tasks
  add column search_vector tsvector not null default '',
  -- The part of the description, kept when the summary has changed alone. Null: `search_vector` has it
  -- as it was written.
  add column description_vector tsvector,
  add column summary_vector tsvector not null
    generated always as (ts_filter(search_vector, '{a}')) stored;

alter table task_comments add column search_vector tsvector not null default '';

create index tasks_search_idx on tasks using gin (search_vector);
create index task_comments_search_idx on task_comments using gin (search_vector);

-- All tasks are indexed, whether they have a description or not.
drop index tasks_described_idx;

-- The same texts in other HTML, or with other words, are no new version.
drop trigger tasks_bump_version on tasks;
create trigger tasks_bump_version before update on tasks
  for each row
  when (
    (new.description_html, new.search_vector) = (old.description_html, old.search_vector)
    or (new.summary, new.description) <> (old.summary, old.description))
  execute function bump_version();
