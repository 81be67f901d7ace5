import type { Context } from '#src/access/context.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import * as files from '#src/articles/stores/article-files.js';
import * as posts from '#src/articles/stores/post-changes.js';
import { findPost } from '#src/articles/stores/posts.js';
import { recordDifference } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import type { Article } from './article-files.js';
import { ArticleFileError } from './article-values.js';
import { categories } from './categories.js';
import {
  applyChanges,
  auditable,
  createPost,
  type RenderedText,
  renderedText,
} from './post-changes.js';
import { createTopic } from './topic-changes.js';

/** What became of a file. */
export type ImportOutcome = 'created' | 'updated' | 'unchanged' | 'trashed';

/** An import sees everything. */
const EVERYTHING = { kind: 'editor' } as const;

export interface ImportSettings {
  /** Who wrote what names no author of ours. */
  authorId: number | null;
  /** Whether files also replace what has been written here. */
  force: boolean;
  /** All that are imported: a post of another path may have been moved. */
  paths: ReadonlySet<string>;
}

export interface ImportedArticle {
  outcome: ImportOutcome;
  /** The author whom the file names, if there is no such user. */
  unknownAuthor: string | null;
}

/**
 * Makes a post of a file, or changes the one that was made of it. A file that is as it was at the
 * last import changes nothing; of a changed file all is taken, unless the post has been changed here
 * since. A post keeps its author; one that has none gets the file's. A file that names the slug of a
 * post that comes from no file, or from one that is there no more, becomes the file of that post, if
 * it says the same. A post in the trash stays there.
 *
 * @throws ArticleFileError if what has been written here would be lost, if the slug that the file
 *   asks for is another post's, or if the post of this path has nothing in common with the file
 */
export async function importArticle(
  context: Context,
  article: Article,
  settings: ImportSettings,
): Promise<ImportedArticle> {
  const named = article.author === null ? null : await files.findUserId(context.db, article.author);
  const unknownAuthor = named === null ? article.author : null;
  const authorId = named ?? settings.authorId;
  const isSettled = (known: files.ImportedPost) =>
    !settings.force && isAsImported(known, article) && !lacksAuthor(known, authorId);

  const before = await files.findImportedPost(context.db, article.sourcePath);
  if (before?.deleted_at === null && isSettled(before)) {
    return { outcome: 'unchanged', unknownAuthor };
  }
  const text = await renderedText(article.post.content);
  const outcome = await inTransaction(context, async (trx): Promise<ImportOutcome> => {
    const known = await lockKnownPost(trx, article, settings);
    if (known !== null && known.deleted_at !== null) return 'trashed';
    if (known !== null && isSettled(known)) return 'unchanged';
    const category_id = await ensureCategory(trx, article.category);
    const meant = { ...article, category_id, named, authorId, text };
    if (known !== null) {
      const outcome = await updateArticle(trx, known.id, meant);
      if (outcome === 'updated' && !settings.force) assertNothingLost(known, article);
      await files.markImported(trx.db, known.id, article);
      return outcome;
    }
    const id = await createArticle(trx, meant);
    await files.markImported(trx.db, id, article);
    return 'created';
  }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== 'duplicate') throw error;
    throw new ArticleFileError(`slug: another post has or had ${article.slug}`);
  });
  return { outcome, unknownAuthor };
}

function isAsImported(known: files.ImportedPost, { sourcePath, hash }: Article): boolean {
  return known.source_path === sourcePath && known.source_hash === hash;
}

/** Whether its author was not known yet when it was imported, and nobody has touched it since. */
function lacksAuthor(known: files.ImportedPost, authorId: number | null): boolean {
  return known.author_id === null && authorId !== null && known.source_version === known.version;
}

async function lockKnownPost(
  trx: Context,
  { sourcePath, slug, isSlugWritten }: Article,
  { paths }: ImportSettings,
): Promise<files.ImportedPost | null> {
  const imported = await files.lockImportedPost(trx.db, sourcePath);
  if (imported !== null || !isSlugWritten || slug === null) return imported;
  const post = await files.lockPostWithSlug(trx.db, slug);
  const isOfOther = post?.source_path != null && paths.has(post.source_path);
  return isOfOther ? null : post;
}

function assertNothingLost(
  { version, source_path, source_version }: files.ImportedPost,
  { slug, sourcePath }: Article,
): void {
  if (source_path !== sourcePath) {
    const from = source_path === null ? 'from no file' : `from ${source_path}`;
    throw new ArticleFileError(`the post ${slug} comes ${from}; --force writes over it`);
  }
  if (source_version === version) return;
  throw new ArticleFileError('its post has been changed since the import; --force writes over it');
}

/** An article with what its names mean here. */
interface MeantArticle extends Article {
  category_id: number | null;
  /** The number of the author whom the file names. */
  named: number | null;
  /** The same, or that of whoever stands in for an author who is not known. */
  authorId: number | null;
  /** What is made of its content. */
  text: RenderedText;
}

async function createArticle(trx: Context, article: MeantArticle): Promise<number> {
  const { post, slug, isSlugWritten, category_id, date, modifiedAt, sourcePath } = article;
  const { authorId, text } = article;
  const values = { ...post, category_id };
  const from = { authorId, at: date ?? modifiedAt, sourcePath, text };
  if (slug === null) return (await createPost(trx, values, from)).id;
  try {
    return (await createPost(trx, { ...values, slug }, from)).id;
  } catch (error) {
    // Files of two days may have one name.
    const isTaken = error instanceof ApiError && error.code === 'duplicate';
    if (!isTaken || isSlugWritten) throw error;
    return (await createPost(trx, values, from)).id;
  }
}

async function updateArticle(
  trx: Context,
  id: number,
  article: MeantArticle,
): Promise<'updated' | 'unchanged'> {
  const { post, slug, isSlugWritten, category_id } = article;
  const locked = await posts.lockPost(trx.db, id, EVERYTHING);
  const before = await findPost(trx.db, id, EVERYTHING);
  if (locked === null || before === null) throw new Error('The post is locked, and yet gone');
  assertSame(before, article);
  const { status, ...fields } = post;
  const changes = {
    ...fields,
    category_id,
    ...(isSlugWritten && slug !== null ? { slug } : {}),
  };
  const isChanged = await applyChanges(trx, { locked, before }, changes, article.text);
  const rest = differing(before, article, trx.now);
  const isMoved = Object.keys(rest).length > 0;
  if (!isChanged && !isMoved) return 'unchanged';
  if (isMoved) await posts.updatePost(trx.db, id, { ...rest, updated_at: trx.now.toISOString() });
  const after = await findPost(trx.db, id, EVERYTHING);
  const states = { before: auditable(before), after: auditable(after ?? before) };
  await recordDifference(trx, { action: 'post.change', id }, states);
  return 'updated';
}

/**
 * A path is relative to the folder that is imported, so a file of another folder may have it too. It
 * is not written over what has neither title nor slug nor a line of text in common with it.
 */
function assertSame(
  before: { title: string; slug: string; content: string },
  { post, slug, sourcePath }: Article,
): void {
  if (before.title === post.title || before.slug === (slug ?? slugOf(post.title, 200))) return;
  const lines = linesOf(before.content);
  if ([...linesOf(post.content)].some((line) => lines.has(line))) return;
  throw new ArticleFileError(
    `${sourcePath} is where the post ${before.slug} comes from, which is another; ` +
      `to replace it, say slug: ${before.slug}`,
  );
}

/** The lines of a text that say something. */
function linesOf(text: string): Set<string> {
  const lines = text.split('\n').map((line) => line.trim());
  return new Set(lines.filter((line) => /[\p{L}\p{N}]/u.test(line)));
}

/** What a file says of a post beside its text, as far as it is otherwise. */
function differing(
  before: { author_id: number | null; published_at: string | null; created_at: string },
  { post, date, named, authorId }: MeantArticle,
  now: Date,
): Partial<posts.PostValues> {
  const at = date?.toISOString();
  const published_at =
    post.status === 'draft' ? null : (at ?? before.published_at ?? now.toISOString());
  // The date of what is published is that of its publication; it was not created after that.
  const isCreation = at !== undefined && (published_at === null || at < before.created_at);
  const meant = {
    published_at,
    created_at: isCreation ? at : before.created_at,
    author_id: named ?? before.author_id ?? authorId,
  };
  return Object.fromEntries(
    Object.entries(meant).filter(([name, value]) => value !== before[name as keyof typeof meant]),
  );
}

async function ensureCategory(trx: Context, name: string | null): Promise<number | null> {
  if (name === null) return null;
  const known = await files.findCategoryId(trx.db, name);
  if (known !== null) return known;
  return (await createTopic(trx, categories, { name, description: '' })).id;
}
