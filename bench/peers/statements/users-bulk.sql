insert into users (username, email, nickname, bio, avatar_url, age, tags, address, is_active,
  username_folded, email_folded, searched_nickname, permissions)
select username, email, nickname, bio, avatar_url, age,
  array(select jsonb_array_elements_text(tags)), nullif(address, 'null'), is_active,
  lower(username), lower(email), lower(nickname), 7
from rows from (jsonb_to_recordset($1::jsonb) as (
    username text, email text, nickname text, bio text, avatar_url text, age integer,
    tags jsonb, address jsonb, is_active boolean))
  with ordinality as t (username, email, nickname, bio, avatar_url, age, tags, address,
    is_active, n)
order by n
returning id
