import { mkdir } from 'node:fs/promises';
import { writeArticle } from '#src/articles/services/article-files.js';
import {
  countExportedPosts,
  type ExportedPost,
  listExportedPosts,
  listSourcePaths,
} from '#src/articles/stores/article-files.js';
import type { Database } from '#src/db/database.js';
import { fold } from '#src/lib/fold.js';
import { type WriteOutcome, writeArticleFile } from './article-folder.js';
import type { Sentence } from './chinese.js';
import { withDatabase } from './context.js';
import { say } from './language.js';
import { progressOf } from './progress.js';

/** Number of posts per query. */
const BATCH = 50;

const REASONS: Partial<Record<WriteOutcome, Sentence>> = {
  different: 'the existing file differs; use --force to overwrite it',
  outside: 'the path leaves the folder or is not a regular file',
};

function reasonOf(outcome: WriteOutcome): string {
  const sentence = REASONS[outcome];
  return sentence === undefined ? outcome : say(sentence);
}

export interface ExportOptions {
  /** Overwrites files that differ. */
  force?: boolean;
}

/**
 * Writes every post, drafts included, as a file that `import` accepts. Reports skipped files on
 * standard error and with exit status 1.
 */
export async function exportArticles(
  folder: string,
  { force = false }: ExportOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new Error(say('{folder} is not a folder.', { folder })) : error;
  });
  await withDatabase(async (db) => {
    const total = await countExportedPosts(db);
    const pathOf = pathsFor(await listSourcePaths(db));
    const skipped: string[] = [];
    const counts = { written: 0, unchanged: 0 };
    const bar = progressOf('posts', total);
    try {
      for await (const post of postsOf(db)) {
        const path = pathOf(post);
        const outcome = await writeArticleFile(folder, path, writeArticle(post), { force });
        if (outcome === 'written' || outcome === 'unchanged') counts[outcome] += 1;
        else skipped.push(say('skipped {path}: {reason}', { path, reason: reasonOf(outcome) }));
        bar.increment();
      }
    } finally {
      bar.stop();
    }
    for (const line of skipped) console.error(line);
    const { written, unchanged } = counts;
    console.log(
      say('Files: {written} written, {unchanged} unchanged, {skipped} skipped.', {
        written,
        unchanged,
        skipped: skipped.length,
      }),
    );
    if (skipped.length > 0) process.exitCode = 1;
  });
}

async function* postsOf(db: Database): AsyncGenerator<ExportedPost> {
  for (let after = 0; ; ) {
    const posts = await listExportedPosts(db, after, BATCH);
    yield* posts;
    const last = posts.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/**
 * Assigns each post a distinct path: the path it was imported from, or else its slug, with the id
 * appended if that is taken.
 */
function pathsFor(sources: string[]): (post: ExportedPost) => string {
  // Some file systems ignore case and Unicode normalization.
  const taken = new Set(sources.map(fold));
  return ({ id, slug, source_path }) => {
    if (source_path !== null) return source_path;
    let name = slug;
    while (taken.has(`${name}.md`)) name += `-${id}`;
    taken.add(`${name}.md`);
    return `${name}.md`;
  };
}
