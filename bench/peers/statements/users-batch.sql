select id, username, nickname, bio, avatar_url, tags, version, created_at
from users where is_active = $1 and id > $2 order by id limit 500
