-- Bounds what a search costs: names that contain a text are found by an index, matches in titles,
-- summaries and tags are ranked without the words of the text, and the place of a match in a long
-- text is found without parsing all of it. Rewrites the table of posts.

-- The characters of a text and its pairs of neighbouring characters: if a text contains another, it
-- has all of the other's. Not trigrams of pg_trgm, which is an extension that not every server has,
-- has none for one or two characters, and skips Chinese in some locales.
create function text_grams(value text) returns text[]
language sql immutable parallel safe
return array_remove(
  string_to_array(value, null)
    || string_to_array(regexp_replace(value, '(..)', E'\\1\x01', 'g'), E'\x01')
    || string_to_array(regexp_replace(substr(value, 2), '(..)', E'\\1\x01', 'g'), E'\x01'),
  '');

-- The form of nicknames that is searched, made by `fold` (src/lib/fold.ts). That of existing rows is
-- in a temporary table, written by src/db/fold-names.ts.
alter table users add column searched_nickname text collate "C" not null default '';
-- The rows stay the same resources, so their versions stay, too.
alter table users disable trigger users_bump_version;
update users set searched_nickname = folded.nickname
  from folded_nicknames as folded where folded.id = users.id and folded.nickname <> '';
alter table users enable trigger users_bump_version;

create index users_names_grams_idx on users
  using gin (text_grams(username_folded || E'\n' || searched_nickname));
create index users_email_grams_idx on users using gin (text_grams(email_folded));
create index categories_name_grams_idx on categories using gin (text_grams(name_folded));
create index tags_name_grams_idx on tags using gin (text_grams(name_folded));

-- Lists of tags are sorted by name, and the unique index has the shared tags only.
create index tags_name_idx on tags (name_folded, id);

-- Title, summary and tags of a post: a few hundred bytes, while `search` may have hundreds of
-- kilobytes, which every comparison decompresses.
alter table posts add column head_search tsvector not null
  generated always as (ts_filter(search, '{a,b,d}')) stored;

drop index posts_title_words_idx;
create index posts_title_words_idx on posts using gin (ts_filter(head_search, '{a}'));

-- Replaces, one for one, the characters that PostgreSQL must not parse by blanks: those of scripts
-- without spaces between words, which the service looks for itself, those that begin markup or a
-- path, punctuation that some locales take for letters, and control characters.
create function parsable_text(value text) returns text
language sql immutable strict parallel safe
return regexp_replace(
  value,
  '[\u0001-\u001f<>&/\\\u007f-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u2e00-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe6f\uff00-\uffef\U0001f000-\U0003ffff]',
  ' ',
  'g');

-- The first 2,000 characters of a text, or a little fewer: up to the end of a word, unless it is
-- longer than 200 characters.
create function leading_passage(value text) returns text
language sql immutable strict parallel safe
return case
  when octet_length(left(value, 2000)) = octet_length(value) then value
  else left(value, 1800) || coalesce(
    substring(right(left(value, 2000), 200) from '^.*[\s\u2e80-\U0010ffff]'),
    right(left(value, 2000), 200))
end;

-- The first passage of a text, of at most 2,000 characters, that matches `operands` or contains one
-- of `runs`; else the first one that matches `words`; else the first one. A passage begins between
-- words, too, and has at least 200 characters in common with the next one, so that a phrase of that
-- length is within one of them.
--
-- Only passages around one of `beginnings`, of the words that are looked for, are parsed, which
-- takes ten times as long as to look for those. With `is_thorough`, all are, in normal form.
create function first_passage(
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
      folded := lower(block);
      -- In some locales, a letter has more characters in lower case.
      if octet_length(folded) <> octet_length(block)
        and char_length(folded) <> char_length(block) then
        folded := block;
      end if;
      select min(nullif(strpos(folded, mark), 0)) into at from unnest(marks) as mark;
      is_last := octet_length(block) = octet_length(rest);
      exit when is_last and at is null;
      -- A passage begins 200 characters before the word, or earlier at the end of the text.
      at := case when at is null then 19800
        when is_last then least(at - 200, char_length(rest) - 2000)
        else at - 200 end;
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
