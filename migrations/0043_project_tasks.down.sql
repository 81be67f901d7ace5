drop trigger project_members_unassign on project_members;
drop function unassign_former_member();
drop table project_labels;
delete from tasks where project_id is not null;
drop index tasks_owned_idx;
alter table tasks
  drop constraint tasks_belong_to_check,
  drop column project_id,
  drop column number,
  drop column status,
  drop column position,
  drop column description,
  drop column description_html,
  drop column assignee_ids,
  drop column label_ids,
  drop column start_on,
  drop column time_zone,
  drop column due_at,
  drop column estimate,
  drop column recurrence,
  drop column checklist,
  drop column creator_id,
  drop column deleted_by,
  alter column owner_id set not null;
