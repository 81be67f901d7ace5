import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { MAX_POST_LENGTH } from '#schemas/posts.js';
import type { SourceFile } from '#src/articles/services/article-files.js';
import { ArticleFileError } from '#src/articles/services/article-values.js';

/** Maximum size of a file in bytes: the longest content in 4-byte characters, plus front matter. */
const MAX_BYTES = MAX_POST_LENGTH * 4 + 65_536;

/** The extensions of Markdown in Hexo, Hugo and Jekyll. */
const MARKDOWN = /\.(?:md|markdown|mdown|mkd|mkdn|mkdown)$/i;

/** Decodes strict UTF-8 and drops a byte order mark. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Lists the Markdown files of a folder and its subfolders as sorted relative paths with `/`. Skips
 * hidden files and folders, `node_modules`, folders that are symbolic links, and Hugo's `_index.md`,
 * which is the page of a section and no post.
 */
export async function listArticleFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (/^(?:\.|_index\.|node_modules$)/.test(entry.name)) continue;
    if (entry.isDirectory()) {
      const inner = await listArticleFiles(join(folder, entry.name));
      found.push(...inner.map((path) => `${entry.name}/${path}`));
    } else if (MARKDOWN.test(entry.name)) {
      found.push(entry.name);
    }
  }
  return found.sort();
}

/**
 * Reads a Markdown file of the folder.
 *
 * @throws ArticleFileError if it is not a regular file, not UTF-8 text, too large, or a link out of
 *   the folder
 */
export async function readArticleFile(folder: string, path: string): Promise<SourceFile> {
  const file = join(folder, path);
  await assertWithin(folder, file);
  const there = await stat(file);
  const { size, mtime } = there;
  // Reading a pipe would block until something writes to it.
  if (!there.isFile()) throw new ArticleFileError('not a regular file');
  if (size > MAX_BYTES) throw new ArticleFileError(`longer than ${MAX_BYTES} bytes`);
  const text = decode(await readFile(file));
  if (text.includes('\0')) throw new ArticleFileError('not a text file: it contains a zero byte');
  return { path: path.normalize(), text, modifiedAt: mtime };
}

/** The outcome of writing a file. */
export type WriteOutcome = 'written' | 'unchanged' | 'different' | 'outside';

/**
 * Writes a file into the folder. Overwrites a file with different content only with `force`, and
 * never writes through a symbolic link.
 */
export async function writeArticleFile(
  folder: string,
  path: string,
  text: string,
  { force }: { force: boolean },
): Promise<WriteOutcome> {
  if (!isPlainPath(path)) return 'outside';
  const file = join(folder, path);
  // Checked before any folder is created: a link in the path would create it elsewhere.
  const nearest = await nearestFolder(dirname(file));
  if (nearest === null || !(await isWithin(folder, nearest))) return 'outside';
  await mkdir(dirname(file), { recursive: true });
  const there = await lstat(file).catch(() => null);
  if (there !== null && !there.isFile()) return 'outside';
  if (there !== null) {
    if (there.size === Buffer.byteLength(text) && (await readFile(file, 'utf8')) === text) {
      return 'unchanged';
    }
    if (!force) return 'different';
  }
  const { O_WRONLY, O_CREAT, O_TRUNC, O_EXCL, O_NOFOLLOW = 0 } = constants;
  const flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (there === null ? O_EXCL : O_TRUNC);
  const handle = await open(file, flags, 0o666);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  return 'written';
}

/** Returns the deepest existing folder of a path, or null if a file blocks it. */
async function nearestFolder(path: string): Promise<string | null> {
  const there = await lstat(path).catch(() => null);
  if (there === null) return path === dirname(path) ? null : nearestFolder(dirname(path));
  const target = await stat(path).catch(() => null);
  return target?.isDirectory() === true ? path : null;
}

function decode(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ArticleFileError('not a text file in UTF-8');
  }
}

/** Whether a relative path with `/` stays within its folder on every operating system. */
function isPlainPath(path: string): boolean {
  const parts = path.split('/');
  return !/[\0\\:]/.test(path) && parts.every((part) => !['', '.', '..'].includes(part));
}

async function assertWithin(folder: string, file: string): Promise<void> {
  if (await isWithin(folder, file)) return;
  throw new ArticleFileError('a link that leads out of the folder');
}

/** Whether the path is in the folder after symbolic links are resolved. */
async function isWithin(folder: string, path: string): Promise<boolean> {
  const way = relative(await realpath(folder), await realpath(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
