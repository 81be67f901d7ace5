import type { Context } from '#src/access/context.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import * as files from '#src/articles/stores/article-files.js';
import * as posts from '#src/articles/stores/post-changes.js';
import { addFormerSlugs, isSlugOfAnother } from '#src/articles/stores/post-slugs.js';
import { findPost } from '#src/articles/stores/posts.js';
import { recordDifference } from '#src/audit/audit.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { NotRenderedError } from '#src/markdown/rendering.js';
import type { Article } from './article-files.js';
import { MAX_NAME } from './article-names.js';
import { ArticleFileError } from './article-values.js';
import { categories } from './categories.js';
import { emitPost } from './events.js';
import {
  applyChanges,
  auditable,
  type RenderedText,
  renderedText,
  writePost,
} from './post-changes.js';
import { publishPost } from './post-publication.js';
import { createTopic } from './topic-changes.js';

/** The result of importing a file. */
export type ImportOutcome = 'created' | 'updated' | 'unchanged' | 'trashed';

/** An import sees all posts. */
const EVERYTHING = { kind: 'editor' } as const;

export interface ImportSettings {
  /** Author of posts whose file names no existing user; null for none. */
  authorId: number | null;
  /** Whether files also overwrite posts that were edited here. */
  force: boolean;
  /** Paths of all files in this import; a post with another path may have been moved. */
  paths: ReadonlySet<string>;
}

export interface ImportedArticle {
  outcome: ImportOutcome;
  /** Id of the post. */
  id: number;
  /** Authors named in the file who are no users. */
  unknownAuthors: string[];
}

/**
 * Creates a post from a file, or updates the post imported from it before. An unchanged file
 * changes nothing. A changed file replaces all fields, unless the post was edited here since the
 * import. The author becomes the first user named in the file; without such a user, a post keeps its
 * author, and one without an author gets the default. The names are kept for the export. A post in
 * the trash stays there.
 *
 * A new post whose slug is taken gets a number. Call {@link leadFormerSlugs} after all files, so that
 * further addresses of one file never take the slug of another.
 *
 * If front matter has the slug of a post whose path is not among `paths`, the file takes over that
 * post, provided that nothing of the post changes. With `force`, edits made here are overwritten.
 *
 * @throws ArticleFileError if edits made here would be lost, another post has the slug, or the post
 *   of this path has nothing in common with the file
 */
export async function importArticle(
  context: Context,
  article: Article,
  settings: ImportSettings,
): Promise<ImportedArticle> {
  const { namedAuthorId, unknownAuthors, sourceAuthors } = await resolveAuthors(context, article);
  const authorId = namedAuthorId ?? settings.authorId;
  const isUpToDate = (known: files.ImportedPost) =>
    !settings.force && isAsImported(known, article) && !lacksAuthor(known, authorId);

  const before = await files.findImportedPost(context.db, article.sourcePath);
  if (before?.deleted_at === null && isUpToDate(before)) {
    return { outcome: 'unchanged', id: before.id, unknownAuthors };
  }
  const { content } = article.post;
  const isSame = before !== null && (await files.hasContent(context.db, before.id, content));
  const write = (text: RenderedText | null) =>
    inTransaction(context, async (trx): Promise<[ImportOutcome, number]> => {
      const known = await lockExistingPost(trx, article, settings);
      if (known !== null && known.deleted_at !== null) return ['trashed', known.id];
      if (known !== null && isUpToDate(known)) return ['unchanged', known.id];
      const category_id = await ensureCategory(trx, article.category);
      const resolved = { ...article, category_id, namedAuthorId, authorId, text };
      if (known !== null) {
        const outcome = await updateArticle(trx, known.id, resolved);
        if (outcome === 'updated' && !settings.force) assertNothingLost(known, article);
        await files.markImported(trx.db, known.id, { ...article, sourceAuthors });
        return [outcome, known.id];
      }
      const id = await createArticle(trx, resolved);
      await files.markImported(trx.db, id, { ...article, sourceAuthors });
      return ['created', id];
    });
  try {
    const [outcome, id] = await write(isSame ? null : await renderedText(context, content)).catch(
      async (error: unknown) => {
        if (!(error instanceof NotRenderedError)) throw error;
        return write(await renderedText(context, content));
      },
    );
    return { outcome, id, unknownAuthors };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'duplicate') throw error;
    throw new ArticleFileError(`slug: ${article.slug} belongs or belonged to another post`, 'slug');
  }
}

/** Makes `formerSlugs` of a file lead to its post, as long as no other published post has them. */
export async function leadFormerSlugs(
  context: Context,
  id: number,
  formerSlugs: readonly string[],
): Promise<void> {
  await inTransaction(context, ({ db }) => addFormerSlugs(db, id, formerSlugs));
}

/** Returns the first user among the authors, and the names to keep for the export. */
async function resolveAuthors({ db }: Context, { authors }: Article) {
  const ids = await Promise.all(authors.map((name) => files.findUserId(db, name)));
  const isKnown = authors.length === 1 && ids[0] !== null;
  return {
    namedAuthorId: ids.find((id) => id !== null) ?? null,
    unknownAuthors: authors.filter((_, index) => ids[index] === null),
    sourceAuthors: authors.length === 0 || isKnown ? null : authors,
  };
}

function isAsImported(known: files.ImportedPost, { sourcePath, hash }: Article): boolean {
  return known.source_path === sourcePath && known.source_hash === hash;
}

/**
 * Whether the author was unknown at the import and is known now, and the post is unedited since.
 */
function lacksAuthor(known: files.ImportedPost, authorId: number | null): boolean {
  return known.author_id === null && authorId !== null && known.source_version === known.version;
}

async function lockExistingPost(
  trx: Context,
  { sourcePath, slug, isSlugWritten }: Article,
  { paths }: ImportSettings,
): Promise<files.ImportedPost | null> {
  const imported = await files.lockImportedPost(trx.db, sourcePath);
  if (imported !== null || !isSlugWritten || slug === null) return imported;
  const post = await files.lockPostWithSlug(trx.db, slug);
  const hasOtherFile = post?.source_path != null && paths.has(post.source_path);
  return hasOtherFile ? null : post;
}

function assertNothingLost(
  { version, source_path, source_version }: files.ImportedPost,
  { slug, sourcePath }: Article,
): void {
  if (source_path !== sourcePath) {
    const how = source_path === null ? 'was not imported' : `was imported from ${source_path}`;
    throw new ArticleFileError(`the post ${slug} ${how}; use --force to overwrite it`);
  }
  if (source_version === version) return;
  throw new ArticleFileError(
    'the post has changed since the last import; use --force to overwrite it',
  );
}

/** An article with its names resolved to ids, and its content rendered. */
interface ResolvedArticle extends Article {
  category_id: number | null;
  /** Id of the user named in the file; null if there is none. */
  namedAuthorId: number | null;
  /** Same as the above, or the default author. */
  authorId: number | null;
  /** The rendered content; null if the post has the same content already. */
  text: RenderedText | null;
}

async function createArticle(trx: Context, article: ResolvedArticle): Promise<number> {
  const { post, slug, isSlugWritten, category_id, date, modifiedAt, sourcePath } = article;
  const { authorId, text } = article;
  if (text === null) throw new NotRenderedError(post.content);
  const base = slug ?? slugOf(post.title, MAX_NAME);
  const values = { ...post, category_id, ...(base === '' ? {} : { slug: base }) };
  const derived = { authorId, at: date ?? modifiedAt, sourcePath, text, isSlugDerived: true };
  if (!isSlugWritten) return (await writePost(trx, values, derived)).id;
  try {
    const written = { ...derived, isSlugDerived: false };
    return (await inTransaction(trx, (part) => writePost(part, values, written))).id;
  } catch (error) {
    // Files in different sections, or with different dates, may have the same slug.
    if (!(error instanceof ApiError) || error.code !== 'duplicate') throw error;
    return (await writePost(trx, values, derived)).id;
  }
}

async function updateArticle(
  trx: Context,
  id: number,
  article: ResolvedArticle,
): Promise<'updated' | 'unchanged'> {
  const { post, slug, isSlugWritten, category_id } = article;
  const locked = await posts.lockPost(trx.db, id, EVERYTHING);
  const before = await findPost(trx.db, id, EVERYTHING);
  if (locked === null || before === null) throw new Error('The locked post disappeared');
  assertSame(before, article);
  const { status, ...fields } = post;
  const changes = {
    ...fields,
    category_id,
    ...(isSlugWritten && slug !== null && !(await hasNumberOf(trx, locked, slug)) ? { slug } : {}),
  };
  const isChanged = await applyChanges(trx, { locked, before }, changes, article.text);
  const metadata = changedMetadata(before, article, trx.now);
  const isMetadataChanged = Object.keys(metadata).length > 0;
  if (!isChanged && !isMetadataChanged) return 'unchanged';
  if (isMetadataChanged) await writeMetadata(trx, id, metadata);
  const after = await findPost(trx.db, id, EVERYTHING);
  const states = { before: auditable(before), after: auditable(after ?? before) };
  await recordDifference(trx, { action: 'post.change', id }, states);
  if (after !== null) await emitPost(trx, after, before);
  return 'updated';
}

/** Whether the post got its slug by a number, because another post has the one of the file. */
async function hasNumberOf(
  trx: Context,
  post: Pick<posts.LockedPost, 'id' | 'author_id' | 'slug'>,
  slug: string,
): Promise<boolean> {
  const isNumbered = post.slug.startsWith(`${slug}-`) && /-\d{1,6}$/.test(post.slug);
  return isNumbered && (await isSlugOfAnother(trx.db, post, slug));
}

/**
 * Checks that the post and the file share their title, slug or a line of text. Paths are relative
 * to the imported folder, so a file from another folder may have the same path.
 *
 * @throws ArticleFileError if they share nothing
 */
function assertSame(
  before: { title: string; slug: string; content: string },
  { post, slug, isSlugWritten, sourcePath }: Article,
): void {
  // Of files without a slug, the one of the path says nothing.
  const own = isSlugWritten ? slug : slugOf(post.title, MAX_NAME);
  if (before.title === post.title || before.slug === own) return;
  const lines = linesOf(before.content);
  if ([...linesOf(post.content)].some((line) => lines.has(line))) return;
  throw new ArticleFileError(
    `${sourcePath} shares nothing with the post ${before.slug}, which was imported from this path; ` +
      `to replace that post, set slug: ${before.slug}`,
  );
}

/** Returns the lines that contain letters or digits. */
function linesOf(text: string): Set<string> {
  const lines = text.split('\n').map((line) => line.trim());
  return new Set(lines.filter((line) => /[\p{L}\p{N}]/u.test(line)));
}

/** Returns the dates and author of the file, where they differ from the post. */
function changedMetadata(
  before: { author_id: number | null; published_at: string | null; created_at: string },
  { post, date, namedAuthorId, authorId }: ResolvedArticle,
  now: Date,
): Partial<posts.PostValues> {
  const at = date?.toISOString();
  const published_at =
    post.status === 'draft' ? null : (at ?? before.published_at ?? now.toISOString());
  // The date of a published post is its publication; it cannot have been created later.
  const isCreation = at !== undefined && (published_at === null || at < before.created_at);
  const resolved = {
    published_at,
    created_at: isCreation ? at : before.created_at,
    author_id: namedAuthorId ?? before.author_id ?? authorId,
  };
  return Object.fromEntries(
    Object.entries(resolved).filter(
      ([name, value]) => value !== before[name as keyof typeof resolved],
    ),
  );
}

async function writeMetadata(
  trx: Context,
  id: number,
  metadata: Partial<posts.PostValues>,
): Promise<void> {
  const values = { ...metadata, updated_at: trx.now.toISOString() };
  const post = await posts.lockPost(trx.db, id, EVERYTHING);
  const isPublished = post?.published_at === null && metadata.published_at != null;
  if (isPublished) await publishPost(trx, post, values);
  else await posts.updatePost(trx.db, id, values);
}

async function ensureCategory(trx: Context, name: string | null): Promise<number | null> {
  if (name === null) return null;
  const known = await files.findCategoryId(trx.db, name);
  if (known !== null) return known;
  return (await createTopic(trx, categories, { name, description: '' })).id;
}
