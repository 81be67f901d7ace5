-- Comments that not everyone sees keep their place in the thread while replies to them are shown:
-- those that were deleted, and those that are not approved.
create index comments_gone_idx on comments (post_id) where deleted_at is not null or not is_approved;

-- No query looks any more for the threads that hold hidden comments.
drop index comments_hidden_idx;
