drop index tasks_due_at_idx;
drop table notification_mailings;
drop table notifications;
