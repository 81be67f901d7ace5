drop trigger tasks_bump_version on tasks;
create trigger tasks_bump_version before update on tasks
  for each row
  when (new.description_html = old.description_html or new.description <> old.description)
  execute function bump_version();

create index tasks_described_idx on tasks (id) where description <> '';

-- After the next migration up, the rows are to be indexed again.
update rerendering set version = 1, kind = null, after_id = 0 where version > 1;

alter table task_comments drop column search_vector;
alter table tasks
  drop column summary_vector,
  drop column description_vector,
  drop column search_vector;
