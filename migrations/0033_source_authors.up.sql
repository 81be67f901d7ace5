-- The authors that an imported file names, if they are not the post's author alone: not users here,
-- or several. The export names them again.
alter table posts
  add column source_authors text[] check (
    cardinality(source_authors) between 1 and 20
    and length(array_to_string(source_authors, '')) <= 4000);
