update users set last_login_at = $1 where id = $2
