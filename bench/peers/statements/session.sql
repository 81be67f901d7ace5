select sessions.id, sessions.user_id, sessions.remember, sessions.address, sessions.user_agent,
  sessions.created_at, sessions.last_seen_at, users.username, users.role, users.permissions
from sessions join users on users.id = sessions.user_id
where sessions.id_hash = $1 and sessions.expires_at > $2 and sessions.created_at > $3
  and users.is_active = $4
