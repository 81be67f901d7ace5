-- Descriptions of tasks are rendered again, too, by the job `re_render`.
alter table rerendering
  drop constraint rerendering_kind_check,
  add constraint rerendering_kind_check check (kind in ('tag', 'post', 'comment', 'task'));

-- Finds the tasks that have a description, in the order of their ids.
create index tasks_described_idx on tasks (id) where description <> '';

-- The same text in other HTML is no new version.
drop trigger tasks_bump_version on tasks;
create trigger tasks_bump_version before update on tasks
  for each row
  when (new.description_html = old.description_html or new.description <> old.description)
  execute function bump_version();
