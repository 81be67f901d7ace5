import { systemContext } from '#src/access/context.js';
import { readArticle } from '#src/articles/services/article-files.js';
import {
  type ImportedArticle,
  type ImportOutcome,
  importArticle,
  leadFormerSlugs,
} from '#src/articles/services/article-imports.js';
import { ArticleFileError } from '#src/articles/services/article-values.js';
import { findUserId } from '#src/articles/stores/article-files.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, toErrorResponse } from '#src/errors.js';
import { listArticleFiles, readArticleFile } from './article-folder.js';
import { withDatabase } from './context.js';
import { say, terminalLanguage } from './language.js';
import { progressOf } from './progress.js';

export interface ImportOptions {
  author?: string;
  dryRun?: boolean;
  force?: boolean;
}

type Outcome = ImportOutcome | 'skipped';

/** Attempts to import a file while others are being rendered. */
const MAX_ATTEMPTS = 3;

/**
 * Imports the Markdown files of a folder as posts. Reports skipped files with their reasons on
 * standard error and with exit status 1.
 */
export async function importArticles(
  folder: string,
  { author, dryRun = false, force = false }: ImportOptions,
): Promise<void> {
  const paths = await filesIn(folder);
  await withDatabase(async (db) => {
    const authorId = await authorOf(db, author);
    const settings = { authorId, force, paths: new Set(paths) };
    const work = async (db: Database) => {
      const addresses: (() => Promise<void>)[] = [];
      const outcomes = await importAll(paths, async (path) => {
        const context = systemContext(db);
        const article = readArticle(await readArticleFile(folder, path), context.now);
        const imported = await importArticle(context, article, settings);
        const { formerSlugs } = article;
        if (imported.outcome !== 'trashed' && formerSlugs.length > 0) {
          addresses.push(() => leadFormerSlugs(context, imported.id, formerSlugs));
        }
        return imported;
      });
      for (const lead of addresses) await lead();
      return outcomes;
    };
    const outcomes = await (dryRun ? rehearse(db, work) : work(db));
    report(outcomes, dryRun);
    if (outcomes.some(({ outcome }) => outcome === 'skipped')) process.exitCode = 1;
  });
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await listArticleFiles(folder);
  } catch (error) {
    if (!isOfFile(error) || !['ENOENT', 'ENOTDIR'].includes(error.code ?? '')) throw error;
    throw new Error(say('The folder {folder} does not exist.', { folder }));
  }
}

async function authorOf(db: Database, username: string | undefined): Promise<number | null> {
  if (username === undefined) return null;
  const id = await findUserId(db, username);
  if (id === null) throw new Error(say('The user {login} does not exist.', { login: username }));
  return id;
}

interface FileOutcome {
  path: string;
  outcome: Outcome;
  reason?: string;
  unknownAuthors?: string[];
}

async function importAll(
  paths: string[],
  work: (path: string) => Promise<ImportedArticle>,
): Promise<FileOutcome[]> {
  const outcomes: FileOutcome[] = [];
  const bar = progressOf('files', paths.length);
  try {
    for (const path of paths) {
      try {
        outcomes.push({ path, ...(await patiently(() => work(path))) });
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

/** Tries again if the threads that render have no time: no file is left out because of that. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof ApiError && error.code === 'too_busy';
      if (!isBusy || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** @throws the error itself if the file did not cause it */
function reasonOf(error: unknown): string {
  if (error instanceof ArticleFileError) return error.message;
  if (isOfFile(error)) return error.message;
  const { status, body } = toErrorResponse(error, {
    requestId: '',
    place: 'body',
    language: terminalLanguage(),
  });
  if (status >= 500 && !(error instanceof ApiError)) throw error;
  if (typeof body.detail === 'string') return body.detail;
  return body.detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('; ');
}

/** Whether the error is a file system error. */
function isOfFile(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}

/** Runs `work` in a transaction and rolls it back. */
async function rehearse<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T> {
  const takenBack = new Error('The dry run is rolled back');
  const results: T[] = [];
  try {
    await inTransaction({ db }, async ({ db: trx }) => {
      results.push(await work(trx));
      throw takenBack;
    });
  } catch (error) {
    if (error !== takenBack) throw error;
  }
  // Only a completed `work` reaches the rollback, so there is a result.
  return results.at(-1) as T;
}

function report(outcomes: FileOutcome[], isRehearsal: boolean): void {
  for (const { path, outcome, reason } of outcomes) {
    if (outcome === 'skipped') {
      console.error(say('skipped {path}: {reason}', { path, reason: reason ?? '' }));
    }
    if (outcome === 'trashed') console.error(say('left {path} in the trash', { path }));
  }
  const unknown = new Set(outcomes.flatMap(({ unknownAuthors }) => unknownAuthors ?? []));
  if (unknown.size > 0) {
    const names = [...unknown].sort().join(', ');
    console.error(
      say(
        'Unknown authors: {names}. To assign their posts, create these users and import the folder again.',
        { names },
      ),
    );
  }
  const count = (wanted: Outcome) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  console.log(
    say(
      isRehearsal
        ? 'Dry run: {created} created, {updated} updated, {unchanged} unchanged, {trashed} left in the trash, {skipped} skipped.'
        : 'Files: {created} created, {updated} updated, {unchanged} unchanged, {trashed} left in the trash, {skipped} skipped.',
      {
        created: count('created'),
        updated: count('updated'),
        unchanged: count('unchanged'),
        trashed: count('trashed'),
        skipped: count('skipped'),
      },
    ),
  );
}
