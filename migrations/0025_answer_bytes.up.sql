-- The size of a text in a JSON response. `to_json` is only called stable because of other types.
create function json_bytes(value text) returns integer language sql immutable strict parallel safe
  as $$ select octet_length(to_json(value)::text) $$;

-- By this, a response stops adding comments before it has read their texts.
alter table comments add column text_bytes integer not null
  generated always as (json_bytes(content) + json_bytes(content_html)) stored;

-- The content's part of `search`, kept when title, summary or tags have changed alone, so that the
-- words of a long content need not be found again. Null: `search` itself has it as it was written.
alter table posts add column content_search tsvector;
