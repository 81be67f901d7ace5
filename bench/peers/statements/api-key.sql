select users.id as user_id, users.username, users.role, users.permissions, users.is_active,
  api_keys.id as key_id, api_keys.scopes, api_keys.expires_at, api_keys.last_used_at
from api_keys join users on users.id = api_keys.user_id
where api_keys.key_hash = $1
