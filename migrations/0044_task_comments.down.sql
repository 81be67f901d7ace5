drop table task_relations;
drop trigger tasks_watch on tasks;
drop function watch_task();
drop table task_watchers;
drop table task_comments;
