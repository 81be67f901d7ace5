drop table calendar_tokens;
