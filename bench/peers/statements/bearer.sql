select users.id as user_id, users.username, users.role, users.permissions, users.is_active,
  sessions.id as session_id
from users left join sessions on sessions.user_id = users.id and sessions.id = $1
  and sessions.kind = $2 and sessions.expires_at > $3 and sessions.created_at > $4
where users.id = $5
