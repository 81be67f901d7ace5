alter table posts drop column content_search;
alter table comments drop column text_bytes;
drop function json_bytes(text);
