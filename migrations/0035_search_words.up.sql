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

-- As before, but words are looked for without accents in the quick search, too.
create or replace function first_passage(
  content text, operands tsquery, words tsquery, runs text[], beginnings text[],
  is_thorough boolean,
  out passage text, out has_before boolean, out has_after boolean, out is_match boolean
)
language plpgsql immutable parallel safe as $$
declare
  marks text[] := runs || beginnings;
  rest text := content;
  is_begin boolean := true;
  block text;
  folded text;
  added integer;
  at integer;
  piece text;
  is_last boolean;
  parsed text;
  found tsvector;
  is_whole boolean;
begin
  is_match := false;
  loop
    if not is_thorough then
      block := left(rest, 20000);
      folded := without_accents(lower(block));
      -- The word is found too far on by as many characters as letters became two. A passage that begins
      -- so much earlier still has it.
      -- Bytes do not tell: `æ` has as many as `ae`.
      added := char_length(folded) - char_length(block);
      if added not between 0 and 1500 then
        folded := lower(block);
        added := 0;
      end if;
      select min(nullif(strpos(folded, mark), 0)) into at from unnest(marks) as mark;
      is_last := octet_length(block) = octet_length(rest);
      exit when is_last and at is null;
      -- A passage begins 200 characters before the word, or earlier at the end of the text.
      at := case when at is null then 19800
        when is_last then least(at - added - 200, char_length(rest) - 2000)
        else at - added - 200 end;
      if at > 0 then
        -- Unlike `substr`, `right` does not count the characters to the end.
        rest := right(rest, -at);
        is_begin := false;
      end if;
      continue when at = 19800;
    end if;
    if not is_begin then
      at := char_length(substring(left(rest, 100) from '^.*?[\s\u2e80-\U0010ffff]'));
      if at is not null then
        rest := right(rest, -at);
      end if;
    end if;
    piece := leading_passage(rest);
    is_last := octet_length(piece) = octet_length(rest);
    parsed := case when is_thorough then normalize(piece, nfkc) else piece end;
    found := to_tsvector('english', parsable_text(parsed));
    is_whole := found @@ operands
      or exists (select from unnest(runs) as run where strpos(parsed, run) > 0);
    if is_whole or not is_match and found @@ words then
      is_match := true;
      passage := piece;
      has_before := not is_begin;
      has_after := not is_last;
    end if;
    exit when is_whole or is_last;
    rest := right(rest, 400 - char_length(piece));
    is_begin := false;
  end loop;
  if not is_match then
    passage := leading_passage(content);
    has_before := false;
    has_after := octet_length(passage) < octet_length(content);
  end if;
end
$$;

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
