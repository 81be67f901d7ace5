select id, username, permissions, password_hash, is_active from users where username_folded = $1
