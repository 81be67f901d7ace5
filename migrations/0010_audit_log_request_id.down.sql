drop index audit_log_request_id_idx;
