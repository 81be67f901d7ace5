select id, username, nickname, bio, avatar_url, tags, version, created_at
from users where id = $1 and is_active = $2
