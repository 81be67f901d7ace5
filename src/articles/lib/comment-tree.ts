/** A comment with its position in the thread. */
export interface Branch {
  id: number;
  parent_id: number | null;
  /** Whether any reply is visible to the reader. */
  has_replies: boolean;
}

export type Grown<T extends Branch> = Omit<T, 'has_replies'> & {
  /** Whether some replies are missing from the tree. */
  has_more_replies: boolean;
  replies: Grown<T>[];
};

/**
 * Builds a tree of comments, without recursion, so the depth is not limited.
 *
 * @param tops top-level comments, in order
 * @param replies comments below them, level by level, replies to the same comment in order; a reply
 *   without its parent is dropped
 * @param limit maximum number of replies; the rest is cut off
 */
export function growTree<T extends Branch>(tops: T[], replies: T[], limit: number): Grown<T>[] {
  const grown = new Map<number, Grown<T>>();
  const hasReplies = new Set<number>();
  const plant = ({ has_replies, ...comment }: T): Grown<T> => {
    const node = { ...comment, has_more_replies: false, replies: [] };
    grown.set(comment.id, node);
    if (has_replies) hasReplies.add(comment.id);
    return node;
  };
  const roots = tops.map(plant);
  for (const reply of replies.slice(0, limit)) {
    const parent = reply.parent_id === null ? undefined : grown.get(reply.parent_id);
    parent?.replies.push(plant(reply));
  }
  // Replies come level by level, so the limit can split the replies of only one comment.
  const cutAt = replies[limit]?.parent_id;
  for (const [id, node] of grown) {
    node.has_more_replies = id === cutAt || (node.replies.length === 0 && hasReplies.has(id));
  }
  return roots;
}

/** Returns the comments of a tree in reading order: each before its replies, without `replies`. */
export function flatten<T extends Branch>(roots: Grown<T>[]): Omit<Grown<T>, 'replies'>[] {
  const comments: Omit<Grown<T>, 'replies'>[] = [];
  const pending = roots.toReversed();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { replies, ...comment } = node;
    comments.push(comment);
    for (const reply of replies.toReversed()) pending.push(reply);
  }
  return comments;
}
