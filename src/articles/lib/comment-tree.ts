/** A comment as it was read: where it belongs, and whether there is anything beneath it. */
export interface Branch {
  id: number;
  parent_id: number | null;
  /** Whether there is any reply to it that the reader may see. */
  has_replies: boolean;
}

export type Grown<T extends Branch> = Omit<T, 'has_replies'> & {
  /** Whether there are replies to it that are not in the tree. */
  has_more_replies: boolean;
  replies: Grown<T>[];
};

/**
 * Hangs every reply beneath its comment, without recursion: as deep as the thread may be.
 *
 * @param tops the comments at the top, in order
 * @param replies what stands beneath them, level by level, each comment before the replies to it and
 *   the replies to one comment in order; one whose comment is missing is left out
 * @param limit how many of the replies are taken; if there are more, the rest is cut off
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
  // Levels come one after the other: of all comments only one can have a part of its replies.
  const cutAt = replies[limit]?.parent_id;
  for (const [id, node] of grown) {
    node.has_more_replies = id === cutAt || (node.replies.length === 0 && hasReplies.has(id));
  }
  return roots;
}

/** The comments of a tree as they are read, each before the replies to it, without their replies. */
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
