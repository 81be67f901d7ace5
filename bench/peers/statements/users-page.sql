select id, username, nickname, bio, avatar_url, tags, version, created_at
from users where is_active = $1 order by id asc limit 11 offset $2
