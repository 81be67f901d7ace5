alter table posts drop column source_authors;
