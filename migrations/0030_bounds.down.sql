drop index idempotency_keys_location_idx;
drop index tags_automatic_idx;
alter table tags drop column is_automatic;
alter table registrations drop column network_hash;
