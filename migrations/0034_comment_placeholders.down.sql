create index comments_hidden_idx on comments ((coalesce(thread_id, id))) where not is_approved;

drop index comments_gone_idx;
