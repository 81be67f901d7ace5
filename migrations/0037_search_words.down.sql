drop table rerendering;

create or replace function parsable_text(value text) returns text
language sql immutable strict parallel safe
return regexp_replace(
  value,
  '[\u0001-\u001f<>&/\\\u007f-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u2e00-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe6f\uff00-\uffef\U0001f000-\U0003ffff]',
  ' ',
  'g');

drop function without_accents(text);
