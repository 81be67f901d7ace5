-- A log line or an answer names the request; this finds what the request did.
create index audit_log_request_id_idx on audit_log (request_id, id);
