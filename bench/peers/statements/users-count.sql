select count(*) as count from (
  select users.id from users where is_active = $1 order by users.id limit 10001) as found
