// Comments, the export, bulk creation and search by hand.
import { randomUUID } from 'node:crypto';
import { inTransaction, rowsOf } from '#shared/database.mjs';
import { pagesOf, totalOf } from '#shared/totals.mjs';

const COLUMNS = ['id', 'username', 'nickname', 'bio', 'avatar_url', 'tags', 'created_at'];
const BATCH = 500;
const SIZE = 10;

/** Writes all active users as CSV, in batches. */
export async function exportUsers(response) {
  response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' });
  response.write(`${COLUMNS.join(',')}\r\n`);
  for (let after = 0; ; ) {
    const users = await rowsOf('users-batch', [true, after]);
    if (!response.write(users.map(lineOf).join(''))) {
      await new Promise((resolve) => response.once('drain', resolve));
    }
    if (users.length < BATCH) break;
    after = users.at(-1).id;
  }
  response.end();
}

function lineOf(user) {
  const cells = COLUMNS.map((name) => {
    const value = user[name];
    if (value === null) return '';
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    // As spreadsheets would take it for a formula.
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${cells.join(',')}\r\n`;
}

/** Creates all users or none, with an audit entry for each; returns their ids. */
export function createUsers(users, viewer, address) {
  const json = JSON.stringify(users);
  return inTransaction(async (client) => {
    const rows = await rowsOf('users-bulk', [json], client);
    const ids = rows.map(({ id }) => id);
    const about = [new Date(), viewer.user_id, address, randomUUID()];
    await rowsOf('audit-bulk', [...about, ids.map(String), json], client);
    return ids;
  });
}

/** Finds posts, best first. Chinese is indexed as pairs of characters. */
export async function search(q, size, page) {
  const query = /\p{sc=Han}/u.test(q) ? `"${pairsOf(q).join(' ')}"` : q;
  return { items: await rowsOf('search', [query, size, (page - 1) * size]) };
}

function pairsOf(text) {
  const characters = [...text];
  return characters.slice(1).map((character, index) => characters[index] + character);
}

/** Returns a page of a post's comments, oldest first, each followed by its replies. */
export async function pageOfComments(post, page) {
  const [rows, [{ count }]] = await Promise.all([
    rowsOf('comments-page', [post, (page - 1) * SIZE]),
    rowsOf('comments-count', [post]),
  ]);
  const total = totalOf(count);
  const tops = rows.slice(0, SIZE);
  return {
    items: await withReplies(tops),
    total,
    page,
    size: SIZE,
    pages: pagesOf(total, SIZE),
    has_next: rows.length > SIZE,
    has_prev: page > 1,
    next_cursor: rows.length > SIZE ? cursorAfter(tops.at(-1)) : null,
  };
}

async function withReplies(tops) {
  const ids = tops.filter((top) => top.has_replies).map(({ id }) => id);
  const replies = ids.length > 0 ? await rowsOf('comments-beneath', [ids]) : [];
  const byParent = new Map();
  for (const reply of replies) {
    byParent.set(reply.parent_id, [...(byParent.get(reply.parent_id) ?? []), reply]);
  }
  const ordered = [];
  const pending = tops.toReversed();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { has_replies: _, ...comment } = next;
    ordered.push({ ...comment, has_more_replies: false });
    pending.push(...(byParent.get(comment.id) ?? []).toReversed());
  }
  return ordered;
}

function cursorAfter({ created_at, id }) {
  return Buffer.from(JSON.stringify(['created_at', created_at, id])).toString('base64url');
}
