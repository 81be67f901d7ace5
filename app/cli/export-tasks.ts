import { open } from 'node:fs/promises';
import { TaskLine } from '#schemas/task-lines.js';
import { inTransaction } from '#src/db/transaction.js';
import { writeTasks } from '#src/work/lib/task-file-formats.js';
import { exportTasks } from '#src/work/services/task-exports.js';
import { takeSnapshot } from '#src/work/stores/task-files.js';
import { withDatabase } from './context.js';
import { say } from './language.js';
import { formatOf, projectIdOf } from './task-file.js';

/** Writes the tasks of a project as a file that `tasks import` accepts. */
export async function exportTaskFile(
  key: string,
  file: string,
  { force = false }: { force?: boolean },
): Promise<void> {
  const format = formatOf(file);
  await withDatabase(async (db) => {
    const projectId = await projectIdOf(db, key);
    const handle = await open(file, force ? 'w' : 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      throw new Error(say('The file {file} exists; use --force to overwrite it.', { file }));
    });
    let count = 0;
    try {
      await inTransaction({ db }, async ({ db: trx }) => {
        await takeSnapshot(trx);
        const lists = counted(exportTasks(trx, projectId), (size) => {
          count += size;
        });
        const pieces = writeTasks(lists, Object.keys(TaskLine.properties), format);
        for await (const piece of pieces) await handle.writeFile(piece);
      });
    } finally {
      await handle.close();
    }
    console.log(say('Tasks: {count} written.', { count }));
  });
}

async function* counted<T>(
  lists: AsyncIterable<T[]>,
  add: (size: number) => void,
): AsyncGenerator<T[]> {
  for await (const list of lists) {
    add(list.length);
    yield list;
  }
}
