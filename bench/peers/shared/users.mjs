// The users of all peers on Node: JSON as the service's, over the same statements.
import { randomUUID } from 'node:crypto';
import { inTransaction, rowsOf } from './database.mjs';
import { pagesOf, totalOf } from './totals.mjs';

const SIZE = 10;
const AUTHOR = 7;
const ADMIN = 128;

/** Whether the viewer may create users. */
export function isAdministrator({ permissions }) {
  return (permissions & ADMIN) !== 0;
}

/** Returns the public fields of an active user, or undefined. */
export async function findUser(id) {
  const [user] = await rowsOf('user', [id, true]);
  return user === undefined ? undefined : publicFields(user);
}

/** Returns a page of users by number, with the total, if it is known. */
export async function pageOfUsers(page) {
  const offset = (page - 1) * SIZE;
  const [rows, [{ count }]] = await Promise.all([
    rowsOf('users-page', [true, offset]),
    rowsOf('users-count', [true]),
  ]);
  const total = totalOf(count);
  return {
    items: rows.slice(0, SIZE).map(publicFields),
    total,
    page,
    size: SIZE,
    pages: pagesOf(total, SIZE),
    has_next: rows.length > SIZE,
    has_prev: page > 1,
    next_cursor: cursorAfter(rows),
  };
}

/** Returns the page of users after a cursor, which is not empty. */
export async function usersAfter(cursor) {
  const [, , id] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  const rows = await rowsOf('users-after', [true, id]);
  return {
    items: rows.slice(0, SIZE).map(publicFields),
    total: null,
    page: null,
    size: SIZE,
    pages: null,
    has_next: rows.length > SIZE,
    has_prev: true,
    next_cursor: cursorAfter(rows),
  };
}

function cursorAfter(rows) {
  if (rows.length <= SIZE) return null;
  const { id } = rows[SIZE - 1];
  return Buffer.from(JSON.stringify(['id', id, id])).toString('base64url');
}

/** Inserts a user, with an audit entry in the same transaction; returns all its fields. */
export function createUser(user, viewer, address) {
  return inTransaction(async (client) => {
    const [created] = await rowsOf('user-insert', valuesOf(user), client);
    await rowsOf(
      'audit-insert',
      [
        new Date().toISOString(),
        viewer.user_id,
        'token',
        'user.create',
        'user',
        String(created.id),
        address,
        randomUUID(),
        null,
        JSON.stringify(user),
      ],
      client,
    );
    return allFields(created);
  });
}

/** Inserts a user with a single statement and nothing else. */
export async function insertUser(user) {
  const [created] = await rowsOf('user-insert', valuesOf(user));
  return allFields(created);
}

function valuesOf(user) {
  const { username, email, nickname, bio, avatar_url, age, tags, address, is_active } = user;
  return [
    username,
    email,
    nickname,
    bio,
    avatar_url,
    age,
    tags,
    address === null ? null : JSON.stringify(address),
    is_active,
    username.toLowerCase(),
    email === null ? null : email.toLowerCase(),
    nickname.toLowerCase(),
    AUTHOR,
  ];
}

function publicFields({ id, username, nickname, bio, avatar_url, tags, created_at }) {
  return { id, username, nickname, bio, avatar_url, tags, created_at };
}

function allFields({ version: _, ...user }) {
  return user;
}
