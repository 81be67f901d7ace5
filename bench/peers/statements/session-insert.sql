insert into sessions (kind, id_hash, user_id, address, user_agent, created_at, last_seen_at,
  expires_at)
values ('cookie', $1, $2, $3, $4, $5, $5, $6) returning id
