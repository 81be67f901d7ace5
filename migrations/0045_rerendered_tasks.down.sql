drop trigger tasks_bump_version on tasks;
create trigger tasks_bump_version before update on tasks
  for each row execute function bump_version();

drop index tasks_described_idx;
-- It begins again, if it was at the tasks.
update rerendering set version = 0, kind = null, after_id = 0 where kind = 'task';
alter table rerendering
  drop constraint rerendering_kind_check,
  add constraint rerendering_kind_check check (kind in ('tag', 'post', 'comment'));
