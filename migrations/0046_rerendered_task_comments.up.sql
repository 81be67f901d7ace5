-- Comments on tasks are rendered again, too, by the job `re_render`.
alter table rerendering
  drop constraint rerendering_kind_check,
  add constraint rerendering_kind_check
    check (kind in ('tag', 'post', 'comment', 'task', 'task_comment'));
