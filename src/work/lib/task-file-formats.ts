import { parse } from 'csv-parse/sync';
import { csvOf, rearm } from '#src/lib/export-formats.js';

/** The formats of a file of tasks: JSON lines, or CSV (RFC 4180) with a header line. */
export const TASK_FILE_FORMATS = ['jsonl', 'csv'] as const;
export type TaskFileFormat = (typeof TASK_FILE_FORMATS)[number];

/** The reason why a file of tasks cannot be read. */
export class TaskFileError extends Error {}

type Fields = Record<string, unknown>;

/** The columns that contain several names. */
const NAMES = new Set(['assignees', 'labels']);

/** The columns that contain JSON. */
const JSON_COLUMNS = new Set(['checklist']);

/** Formats tasks. @param columns the names of their fields @returns the text in pieces */
export async function* writeTasks(
  lists: AsyncIterable<readonly Fields[]>,
  columns: readonly string[],
  format: TaskFileFormat,
): AsyncGenerator<string> {
  if (format === 'csv') {
    yield* csvOf(toCells(lists), columns);
    return;
  }
  for await (const list of lists) yield list.map((task) => `${JSON.stringify(task)}\n`).join('');
}

/**
 * Returns what a file contains, one value for each task. In CSV, an empty cell is left out, and
 * apostrophes that disarm formulas are removed.
 *
 * @throws TaskFileError with the number of the line
 */
export function readTasks(text: string, format: TaskFileFormat): unknown[] {
  return format === 'csv' ? readCsv(text) : readJsonLines(text);
}

function readJsonLines(text: string): unknown[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      throw new TaskFileError(`Line ${index + 1} is not JSON`);
    }
  });
}

function readCsv(text: string): Fields[] {
  let records: Record<string, string>[];
  try {
    records = parse(text, { columns: true, skip_empty_lines: true });
  } catch (error) {
    throw new TaskFileError((error as Error).message);
  }
  return records.map((record, index) => {
    const cells = Object.entries(record).filter(([, cell]) => cell !== '');
    return Object.fromEntries(
      cells.map(([column, cell]) => [column, fromCell(column, rearm(cell), index + 1)]),
    );
  });
}

async function* toCells(lists: AsyncIterable<readonly Fields[]>): AsyncGenerator<Fields[]> {
  for await (const list of lists) {
    yield list.map((task) => {
      const cells = Object.entries(task).map(([column, value]) => [column, toCell(column, value)]);
      return Object.fromEntries(cells) as Fields;
    });
  }
}

function toCell(column: string, value: unknown): unknown {
  if (JSON_COLUMNS.has(column)) return JSON.stringify(value);
  if (!NAMES.has(column)) return value;
  const names = value as string[];
  const isPlain = names.every((name) => !/^\s|^\[|,|\s$/.test(name));
  return isPlain ? names.join(', ') : JSON.stringify(names);
}

function fromCell(column: string, cell: string, task: number): unknown {
  if (!JSON_COLUMNS.has(column) && !NAMES.has(column)) return cell;
  if (NAMES.has(column) && !cell.startsWith('[')) return cell.split(',').map((name) => name.trim());
  try {
    return JSON.parse(cell) as unknown;
  } catch {
    throw new TaskFileError(`Task ${task}: the cell of ${column} is not JSON`);
  }
}
