import { readFile, stat } from 'node:fs/promises';
import { systemContext } from '#src/access/context.js';
import type { Database } from '#src/db/database.js';
import { InvalidRequest, toErrorResponse } from '#src/errors.js';
import { readTasks, TaskFileError } from '#src/work/lib/task-file-formats.js';
import { checkTasks, importTasks, type TasksImported } from '#src/work/services/task-imports.js';
import { withDatabase } from './context.js';
import { say, terminalLanguage } from './language.js';
import { formatOf, projectIdOf } from './task-file.js';

/** Maximum size of a file in bytes. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Decodes strict UTF-8 and drops a byte order mark. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Creates the tasks of a file. Reports what is not valid on standard error and with exit status 1.
 */
export async function importTaskFile(key: string, file: string): Promise<void> {
  const format = formatOf(file);
  const values = readTasks(await textOf(file), format);
  await withDatabase(async (db) => {
    const projectId = await projectIdOf(db, key);
    const imported = await importValues(db, projectId, values);
    if (imported === null) {
      process.exitCode = 1;
      return;
    }
    const { created, existing, unknownUsers, newLabels } = imported;
    if (unknownUsers.length > 0) {
      const names = unknownUsers.join(', ');
      console.error(say('Not assigned, because they are no members: {names}', { names }));
    }
    if (newLabels.length > 0) {
      console.error(say('New labels: {names}', { names: newLabels.join(', ') }));
    }
    console.log(
      say('Tasks: {created} created, {existing} left out because their numbers exist.', {
        created,
        existing,
      }),
    );
  });
}

/** Returns null, after a report, if a value is not valid. */
async function importValues(
  db: Database,
  projectId: number,
  values: unknown[],
): Promise<TasksImported | null> {
  const context = systemContext(db);
  try {
    return await importTasks(context, projectId, await checkTasks(context, values));
  } catch (error) {
    const { body } = toErrorResponse(error, {
      requestId: '',
      place: 'body',
      language: terminalLanguage(),
    });
    if (!(error instanceof InvalidRequest) || typeof body.detail === 'string') throw error;
    for (const { loc, msg } of body.detail) {
      const [, index, ...field] = loc;
      const task = Number(index) + 1;
      console.error(
        say('task {task}: {field}: {reason}', { task, field: field.join('.'), reason: msg }),
      );
    }
    console.error(say('Nothing was imported.'));
    return null;
  }
}

/** @throws TaskFileError if it is no regular file, too large, or not UTF-8 text */
async function textOf(file: string): Promise<string> {
  const there = await stat(file);
  // Reading a pipe would block until something writes to it.
  if (!there.isFile()) throw new TaskFileError(`${file} is not a regular file`);
  const { size } = there;
  if (size > MAX_BYTES) throw new TaskFileError(`${file} is longer than ${MAX_BYTES} bytes`);
  try {
    return decoder.decode(await readFile(file));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TaskFileError(`${file} is not a text file in UTF-8`);
  }
}
