drop table email_tokens;
drop table registrations;
