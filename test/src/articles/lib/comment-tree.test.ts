import t from 'tap';
import { type Branch, flatten, type Grown, growTree } from '#src/articles/lib/comment-tree.js';

function row(id: number, parent_id: number | null, has_replies = false): Branch {
  return { id, parent_id, has_replies };
}

type Sketch = (number | Sketch)[];
const sketch = (nodes: Grown<Branch>[]): Sketch =>
  nodes.flatMap(({ id, replies }) => (replies.length === 0 ? [id] : [id, sketch(replies)]));
const ids = (nodes: { id: number }[]) => nodes.map(({ id }) => id);

t.test('nests replies below their comments, in order', async (t) => {
  const tops = [row(1, null, true), row(2, null)];
  const replies = [row(5, 1, true), row(3, 1), row(4, 5)];
  const tree = growTree(tops, replies, 10);
  t.same(sketch(tree), [1, [5, [4], 3], 2]);
  t.same(ids(flatten(tree)), [1, 5, 4, 3, 2]);
  t.notOk(flatten(tree).some((comment) => comment.has_more_replies || 'replies' in comment));
  t.same(growTree([], [], 10), []);
});

t.test('flags comments with missing replies only', async (t) => {
  const more = (nodes: Grown<Branch>[]) =>
    flatten(nodes)
      .filter((comment) => comment.has_more_replies)
      .map(({ id }) => id);
  const tops = [row(1, null, true), row(2, null, true), row(3, null)];
  const replies = [row(4, 1), row(5, 1, true), row(6, 2)];
  t.same(more(growTree(tops, replies, 3)), [5], 'replies to 5 were not read');
  t.same(more(growTree(tops, replies, 2)), [5, 2], 'all replies to 1 are present');
  t.same(more(growTree(tops, replies, 1)), [1, 2], 'one reply to 1 is missing');
  t.same(more(growTree(tops, replies, 0)), [1, 2]);
});

t.test('drops a reply whose comment was deleted meanwhile', async (t) => {
  t.same(sketch(growTree([row(1, null)], [row(3, 2), row(4, 3)], 10)), [1]);
});

t.test('handles any depth without recursion', async (t) => {
  const depth = 200_000;
  const replies = Array.from({ length: depth }, (_, index) => row(index + 2, index + 1, true));
  const tree = growTree([row(1, null, true)], replies, depth);
  t.equal(flatten(tree).length, depth + 1);
});
