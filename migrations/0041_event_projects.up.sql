-- Events of projects keep the former values of changed fields: the history of a resource. They are
-- those of the fields in `changes`; null if the resource was new.
alter table events
  add column project_id integer,
  add column former jsonb,
  add constraint events_former_check check (former is null or project_id is not null);

-- The events of a resource by id, and all of a project. Other events are not in it.
create index events_project_id_idx
  on events (project_id, resource_id, split_part(type, '.', 1), id) where project_id is not null;

-- Users are stored by their ids, in any field, and no longer found by `user_id` only.
update events set changes = changes || jsonb_build_object('author', user_id) where changes ? 'author';
