drop table users;
drop function bump_version();
