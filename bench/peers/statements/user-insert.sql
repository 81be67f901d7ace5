insert into users (username, email, nickname, bio, avatar_url, age, tags, address, is_active,
  username_folded, email_folded, searched_nickname, permissions)
values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13)
returning id, username, nickname, bio, avatar_url, tags, version, created_at, email,
  email_verified_at, age, address, role, permissions, is_active, updated_at, last_login_at
