import { SingleBar } from 'cli-progress';
import type { Database } from '../db/database.js';
import { inTransaction } from '../db/transaction.js';
import { toErrorAnswer } from '../errors.js';
import { readArticle } from '../services/article-files.js';
import { type ImportOutcome, importArticle } from '../services/article-imports.js';
import { ArticleFileError } from '../services/article-values.js';
import { findUserId } from '../stores/article-files.js';
import { listArticleFiles, readArticleFile } from './article-folder.js';
import { withDatabase } from './context.js';
import { commandOrigin } from './origin.js';

export interface ImportOptions {
  author?: string;
  dryRun?: boolean;
}

type Outcome = ImportOutcome | 'skipped';

/**
 * Makes posts of the Markdown files in a folder. What cannot be one is named with its reason, left
 * out, and makes the exit status 1.
 */
export async function importArticles(
  folder: string,
  { author, dryRun = false }: ImportOptions,
): Promise<void> {
  const paths = await listArticleFiles(folder);
  await withDatabase(async (db) => {
    const authorId = await authorOf(db, author);
    const outcomes = await importAll(paths, async (path) => {
      const origin = commandOrigin();
      const article = readArticle(await readArticleFile(folder, path), origin.now);
      const work = (trx: Database) => importArticle(trx, origin, article, authorId);
      return dryRun ? rehearse(db, work) : work(db);
    });
    report(outcomes, dryRun);
    if (outcomes.some(({ outcome }) => outcome === 'skipped')) process.exitCode = 1;
  });
}

async function authorOf(db: Database, username: string | undefined): Promise<number | null> {
  if (username === undefined) return null;
  const id = await findUserId(db, username);
  if (id === null) throw new Error(`There is no user ${username}.`);
  return id;
}

interface FileOutcome {
  path: string;
  outcome: Outcome;
  reason?: string;
}

async function importAll(
  paths: string[],
  work: (path: string) => Promise<ImportOutcome>,
): Promise<FileOutcome[]> {
  const bar = new SingleBar({
    format: '{bar} {value}/{total} files',
    stream: process.stderr,
    noTTYOutput: true,
  });
  const outcomes: FileOutcome[] = [];
  bar.start(paths.length, 0);
  try {
    for (const path of paths) {
      try {
        outcomes.push({ path, outcome: await work(path) });
      } catch (error) {
        outcomes.push({ path, outcome: 'skipped', reason: reasonOf(error) });
      }
      bar.increment();
    }
  } finally {
    bar.stop();
  }
  return outcomes;
}

/** @throws the error itself, if it is not the file's fault */
function reasonOf(error: unknown): string {
  if (error instanceof ArticleFileError) return error.message;
  if (isOfFile(error)) return error.message;
  const { status, body } = toErrorAnswer(error, { requestId: '', place: 'body', language: 'en' });
  if (status >= 500) throw error;
  if (typeof body.detail === 'string') return body.detail;
  return body.detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('; ');
}

/** That a file cannot be read, as the system says. */
function isOfFile(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}

class Rehearsed extends Error {
  readonly outcome: ImportOutcome;

  constructor(outcome: ImportOutcome) {
    super();
    this.outcome = outcome;
  }
}

/** Does the work, and takes it back. */
async function rehearse(
  db: Database,
  work: (trx: Database) => Promise<ImportOutcome>,
): Promise<ImportOutcome> {
  try {
    return await inTransaction(db, async (trx) => {
      throw new Rehearsed(await work(trx));
    });
  } catch (error) {
    if (error instanceof Rehearsed) return error.outcome;
    throw error;
  }
}

function report(outcomes: FileOutcome[], isRehearsal: boolean): void {
  for (const { path, outcome, reason } of outcomes) {
    if (outcome === 'skipped') console.error(`skipped ${path}: ${reason}`);
    if (outcome === 'trashed') console.error(`left ${path} in the trash`);
  }
  const count = (wanted: Outcome) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  const numbers = (['created', 'updated', 'unchanged', 'trashed', 'skipped'] as const).map(
    (outcome) => `${count(outcome)} ${outcome}`,
  );
  console.log(`${isRehearsal ? 'Would be' : 'Files'}: ${numbers.join(', ')}.`);
}
