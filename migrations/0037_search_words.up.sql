-- Texts are indexed without accents and invisible characters, and names with dots and underscores word
-- by word (src/articles/lib/search-words.ts). What is stored is rendered and indexed anew by a job.

-- The same text with the letters that accented ones are made from, one for one, and two for each
-- letter that is spelled with two; with its accents where one for one is impossible, because it has
-- accents of their own.
create function without_accents(value text) returns text
language sql immutable strict parallel safe
return case
  when value !~ '[\u00c0-\u024f\u0370-\u045f\u1e00-\u1fff]' then value
  else (
    select replace(replace(replace(replace(replace(replace(replace(replace(
      case when char_length(plain) = char_length(value) then plain else value end,
      'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'þ', 'th'), 'Þ', 'TH')
    from (
      select translate(
        normalize(regexp_replace(normalize(value, nfd), '[\u0300-\u036f]+', '', 'g'), nfc),
        'øØłŁđĐðÐħĦŧŦŋŊıĸ', 'oOlLdDdDhHtTnNik') as plain) folded)
end;

-- Replaces, one for one, the characters that PostgreSQL must not parse by blanks, also the dots and
-- underscores of names, and leaves out accents.
create or replace function parsable_text(value text) returns text
language sql immutable strict parallel safe
return regexp_replace(
  without_accents(value),
  '[\u0001-\u001f<>&./\\_\u007f-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u2e00-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe6f\uff00-\uffef\U0001f000-\U0003ffff]',
  ' ',
  'g');

-- How far stored texts are rendered and indexed by the current version of the renderer.
create table rerendering (
  -- There is one row.
  is_only    boolean primary key default true check (is_only),
  version    integer not null default 0,
  -- The kind of texts that is in work; null when all are done.
  kind       text check (kind in ('tag', 'post', 'comment')),
  -- The last one of them that is done.
  after_id   integer not null default 0
);

insert into rerendering default values;
