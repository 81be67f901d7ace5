import type { Read, SharedReads } from '../cache/shared-reads.js';
import { atomFeed, type FeedPlace } from '../lib/atom-feed.js';
import { bodyTag } from '../lib/entity-tag.js';
import { listNewestPosts } from '../stores/posts.js';

/** How many posts the feed has. */
export const FEED_LENGTH = 20;

/** The newest published posts as an Atom feed. */
export async function readFeed(sharedReads: SharedReads, place: FeedPlace): Promise<Read<string>> {
  // What is kept is the same wherever the feed is asked for, so that nobody fills memory with hosts.
  const { value, ...read } = await sharedReads.read('list', ['feed'], (db, reader) =>
    listNewestPosts(db, reader, FEED_LENGTH),
  );
  const xml = atomFeed(value, place);
  return { ...read, value: xml, tag: bodyTag(xml) };
}
