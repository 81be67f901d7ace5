drop index posts_title_words_idx;
