import { extname } from 'node:path';
import type { Database } from '#src/db/database.js';
import { TASK_FILE_FORMATS, type TaskFileFormat } from '#src/work/lib/task-file-formats.js';
import { findProjectId } from '#src/work/stores/task-files.js';
import { say } from './language.js';

/** Returns the format that the ending of a file names. @throws Error if it is another one */
export function formatOf(file: string): TaskFileFormat {
  const ending = extname(file).slice(1);
  const format = TASK_FILE_FORMATS.find((known) => known === ending);
  if (format === undefined) {
    throw new Error(say('The name of the file {file} must end in .jsonl or .csv.', { file }));
  }
  return format;
}

/** @throws Error if no project outside the trash has this key */
export async function projectIdOf(db: Database, key: string): Promise<number> {
  const id = await findProjectId(db, key);
  if (id === null) throw new Error(say('The project {key} does not exist.', { key }));
  return id;
}
