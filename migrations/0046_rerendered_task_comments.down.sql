-- It begins again, if it was at the comments on tasks.
update rerendering set version = 0, kind = null, after_id = 0 where kind = 'task_comment';
alter table rerendering
  drop constraint rerendering_kind_check,
  add constraint rerendering_kind_check check (kind in ('tag', 'post', 'comment', 'task'));
