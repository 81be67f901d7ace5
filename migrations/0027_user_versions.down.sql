drop trigger users_bump_version on users;
create trigger users_bump_version before update on users for each row execute function bump_version();
