update events set changes = changes || '{"author": null}' where changes ? 'author';
-- Without the project, nothing says who may see them.
delete from events where project_id is not null;
drop index events_project_id_idx;
alter table events drop column former, drop column project_id;
