select count(*) as count from (select users.id from users where is_active = $1) as found
