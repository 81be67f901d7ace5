drop table task_mutes;
alter table project_members drop column muted_at;
drop table notification_settings;
