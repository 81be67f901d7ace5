-- Titles by themselves: posts whose title is found come first, however many others are found.
create index posts_title_words_idx on posts using gin (ts_filter(search, '{a}'));
