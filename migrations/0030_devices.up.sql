-- The token in whose place a refresh token was issued. Two tokens with the same parent are two lines
-- of one session, of which only one belongs to its client.
alter table refresh_tokens add column parent_hash bytea;
