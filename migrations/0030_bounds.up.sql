-- By this, the registrations from one network are limited. A hash, kept until the registration
-- expires.
alter table registrations add column network_hash bytea;

-- Tags that posts brought along go when no post has them any more; those of editors stay.
alter table tags add column is_automatic boolean not null default false;

create index tags_automatic_idx on tags (id) where is_automatic;

-- Finds the stored response that created a user, when the user is deleted.
create index idempotency_keys_location_idx on idempotency_keys ((headers ->> 'location'));
