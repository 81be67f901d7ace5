-- A request claims its key before it runs, in a row without an answer, so that nothing is locked
-- while it runs. The answer completes the row in the transaction of the change itself, so there is
-- still never a change without its answer or an answer without its change. A claim whose process
-- has died runs out.
alter table idempotency_keys
  add column state text not null default 'done' check (state in ('running', 'done')),
  add column claim_id uuid,
  add column claimed_until timestamptz(3),
  alter column status drop not null,
  alter column headers drop not null,
  add constraint idempotency_keys_answer_check check (
    case state
      when 'running' then
        num_nonnulls(claim_id, claimed_until) = 2 and num_nonnulls(status, headers, body) = 0
      else num_nonnulls(claim_id, claimed_until) = 0 and num_nonnulls(status, headers) = 2
    end
  );
