-- The service of before does not know their fields.
delete from events where type like 'notification.%';
drop index tasks_due_at_idx;
drop table notification_mailings;
drop table notifications;
