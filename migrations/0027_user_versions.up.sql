-- The version of a user is part of public entity tags. A sign-in, a renewed password hash or a new
-- password changes nothing that others may see, so the tag must not reveal them.
drop trigger users_bump_version on users;
create trigger users_bump_version
  before update of username, email, nickname, bio, avatar_url, age, tags, address, permissions,
    is_active, email_verified_at, updated_at on users
  for each row execute function bump_version();
