import { systemContext } from '#src/access/context.js';
import { hasArticles } from '#src/articles/stores/articles.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { generatePassword } from '#src/people/lib/passwords.js';
import { hashPassword } from '#src/people/services/passwords.js';
import * as store from '#src/people/stores/user-changes.js';
import { hasUsers } from '#src/people/stores/users.js';
import { loadDemoArticles, renderDemoArticles } from './demo-articles.js';
import { loadDemoProjects } from './demo-projects.js';
import { loadDemoTasks } from './demo-tasks.js';

const NAMES = ['alice', 'bob', 'charlie', 'diana', 'eve', 'frank'];
const NUMBERED = Array.from(
  { length: 10 },
  (_, index) => `user_${String(index + 1).padStart(2, '0')}`,
);

/** The sixteen demo users. None of them has a password. */
export const DEMO_USERS: store.NewUser[] = [...NAMES, ...NUMBERED].map((username) => ({
  username,
  email: `${username}@example.com`,
}));

export const DEMO_ADMINISTRATOR = 'admin';

/**
 * Loads the demo data, all or nothing, into a database without users. Leaves out the posts if there
 * are any posts, categories or tags.
 *
 * @returns the password of the administrator, or null if the database already has users
 */
export async function loadDemoData(db: Database): Promise<string | null> {
  const password = generatePassword();
  const passwordHash = await hashPassword(password);
  const context = systemContext(db);
  const articles = await renderDemoArticles(context);
  return inTransaction(context, async (trx) => {
    await store.lockAllUsers(trx.db);
    if (await hasUsers(trx.db)) return null;
    const ids = await store.insertUsers(trx.db, DEMO_USERS);
    const users = new Map(DEMO_USERS.map(({ username }, index) => [username, ids[index]]));
    if (!(await hasArticles(trx.db))) await loadDemoArticles(trx, users, articles);
    const administrator = await store.insertUser(trx.db, {
      username: DEMO_ADMINISTRATOR,
      role: 'admin',
      password_hash: passwordHash,
    });
    await loadDemoTasks(trx, administrator.id);
    await loadDemoProjects(trx, administrator.id, users);
    return password;
  });
}
