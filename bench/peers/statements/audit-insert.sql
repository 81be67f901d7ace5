insert into audit_log (at, actor_id, credential, action, resource, resource_id, address,
  request_id, before, after)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb) returning id
