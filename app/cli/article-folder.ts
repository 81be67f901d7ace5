import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { MAX_POST_LENGTH } from '#schemas/posts.js';
import type { SourceFile } from '#src/articles/services/article-files.js';
import { ArticleFileError } from '#src/articles/services/article-values.js';

/** Bytes of a file: the longest text in the longest characters, and front matter before it. */
const MAX_BYTES = MAX_POST_LENGTH * 4 + 65_536;

const MARKDOWN = /\.(?:md|markdown)$/i;

/** The bytes of text, without the mark at the beginning that some editors set. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The Markdown files in a folder and in the folders in it, as paths relative to it with `/`, in
 * order. What is hidden, and what belongs to packages, is left out; folders that are links are, too.
 */
export async function listArticleFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
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
 * A file of the folder, as an article is read from it.
 *
 * @throws ArticleFileError if it is no file, no text, too long, or elsewhere
 */
export async function readArticleFile(folder: string, path: string): Promise<SourceFile> {
  const file = join(folder, path);
  await assertWithin(folder, file);
  const there = await stat(file);
  const { size, mtime } = there;
  // Reading a pipe would wait for whoever writes into it.
  if (!there.isFile()) throw new ArticleFileError('It is no file');
  if (size > MAX_BYTES) throw new ArticleFileError(`It is longer than ${MAX_BYTES} bytes`);
  const text = decode(await readFile(file));
  if (text.includes('\0')) throw new ArticleFileError('It is no text: it has a zero byte');
  return { path: path.normalize(), text, modifiedAt: mtime };
}

/** What became of a file that was to be written. */
export type WriteOutcome = 'written' | 'unchanged' | 'different' | 'outside';

/**
 * Writes a file into the folder, or finds it there already. One that differs is written over only by
 * force, and nothing is ever written through a link.
 */
export async function writeArticleFile(
  folder: string,
  path: string,
  text: string,
  { force }: { force: boolean },
): Promise<WriteOutcome> {
  if (!isPlainPath(path)) return 'outside';
  const file = join(folder, path);
  // Before the folders are made, as a link on the way would have them made elsewhere.
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

/** The innermost of the folders on a way that is there; null if something else is in the way. */
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
    throw new ArticleFileError('It is no text in UTF-8');
  }
}

/** Whether a path with `/` leads into the folder that it is taken from, on every system. */
function isPlainPath(path: string): boolean {
  const parts = path.split('/');
  return !/[\0\\:]/.test(path) && parts.every((part) => !['', '.', '..'].includes(part));
}

async function assertWithin(folder: string, file: string): Promise<void> {
  if (await isWithin(folder, file)) return;
  throw new ArticleFileError('It is a link that leads out of the folder');
}

/** Whether it is in the folder, wherever links lead. */
async function isWithin(folder: string, path: string): Promise<boolean> {
  const way = relative(await realpath(folder), await realpath(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
