drop function first_passage;
drop function leading_passage;
drop function parsable_text;

drop index posts_title_words_idx;
alter table posts drop column head_search;
create index posts_title_words_idx on posts using gin (ts_filter(search, '{a}'));

drop index users_names_grams_idx;
alter table users drop column searched_nickname;
drop index users_email_grams_idx;
drop index categories_name_grams_idx;
drop index tags_name_grams_idx;
drop index tags_name_idx;
drop function text_grams;
