drop trigger api_keys_announce_credential_end on api_keys;
drop trigger api_keys_announce_credential_change on api_keys;
drop trigger sessions_announce_credential_end on sessions;
drop trigger sessions_announce_credential_change on sessions;
drop trigger users_announce_credential_end on users;
drop trigger users_announce_credential_change on users;
drop function announce_credential_change();
