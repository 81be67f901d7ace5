-- What was asked for with an older password is worth nothing after it.
alter table users add column password_changed_at timestamptz(3);
