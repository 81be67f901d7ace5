insert into audit_log (at, actor_id, credential, action, resource, resource_id, address,
  request_id, after)
select $1, $2, 'token', 'user.create', 'user', id, $3, $4, after
from rows from (unnest($5::text[]), jsonb_array_elements($6::jsonb)) as t (id, after)
