drop trigger api_keys_announce_credential_change on api_keys;
drop trigger sessions_announce_credential_change on sessions;
drop trigger users_announce_credential_change on users;
drop function announce_credential_change();
