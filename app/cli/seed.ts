import { Command, InvalidArgumentError } from 'commander';
import { DEMO_ADMINISTRATOR, loadDemoData } from '#app/demo/demo-data.js';
import { MAX_BULK_USERS } from '#schemas/users.js';
import { insertUsers } from '#src/people/stores/user-changes.js';
import { withDatabase } from './context.js';
import { say } from './language.js';
import { progressOf } from './progress.js';

/** `seed`: demo data, and any number of generated users for load tests. */
export function seed(): Command {
  return new Command('seed')
    .description(say('Loads demo data into a database without users'))
    .option('--users <n>', say('also add this many generated users'), parseCount, 0)
    .action(async ({ users }: { users: number }) => {
      await withDatabase(async (db) => {
        const password = await loadDemoData(db);
        console.log(
          password === null
            ? say('The database already has users: no demo data was loaded.')
            : say('Loaded the demo data. Sign in as {username} with the password {password}', {
                username: DEMO_ADMINISTRATOR,
                password,
              }),
        );
        if (users > 0) await inventUsers(users, (rows) => insertUsers(db, rows));
      });
    });
}

async function inventUsers(
  count: number,
  insert: (rows: { username: string; email: string }[]) => Promise<unknown>,
): Promise<void> {
  // Makes the usernames of each run unique.
  const run = Date.now().toString(36);
  const bar = progressOf('users', count);
  try {
    for (let done = 0; done < count; done += MAX_BULK_USERS) {
      const size = Math.min(MAX_BULK_USERS, count - done);
      await insert(
        Array.from({ length: size }, (_, index) => {
          const username = `u${run}_${done + index + 1}`;
          return { username, email: `${username}@example.com` };
        }),
      );
      bar.update(done + size);
    }
  } finally {
    bar.stop();
  }
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0 && count <= 10_000_000) return count;
  throw new InvalidArgumentError(say('Must be an integer from 0 to 10,000,000.'));
}
