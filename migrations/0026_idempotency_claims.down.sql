delete from idempotency_keys where state = 'running';
alter table idempotency_keys
  drop constraint idempotency_keys_answer_check,
  drop column state,
  drop column claim_id,
  drop column claimed_until,
  alter column status set not null,
  alter column headers set not null;
