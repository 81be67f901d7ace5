import { createHash } from 'node:crypto';
import { basename, dirname, extname } from 'node:path/posix';
import { CategoryCreate } from '#schemas/categories.js';
import { definitions } from '#schemas/index.js';
import { PostCreate } from '#schemas/posts.js';
import {
  FrontMatterError,
  parseFrontMatter,
  writeFrontMatter,
} from '#src/articles/lib/front-matter.js';
import { firstHeading } from '#src/articles/lib/markdown.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import type { ExportedPost } from '#src/articles/stores/article-files.js';
import { fold } from '#src/lib/fold.js';
import { compileSchema, type Validator } from '#src/lib/validation/index.js';
import { parseArticleDate } from './article-dates.js';
import { dateOf, publicationOf } from './article-publication.js';
import { ArticleFileError, scalarOf, type Values } from './article-values.js';

/** A Markdown file to import. */
export interface SourceFile {
  /** Relative to the imported folder, with `/` as separator. */
  path: string;
  text: string;
  modifiedAt: Date;
}

/** The post that a file describes. */
export interface Article {
  sourcePath: string;
  /**
   * SHA-256 of the text, and of whether dates hold the post back. Tells whether to import it again.
   */
  hash: string;
  post: Omit<PostCreate, 'slug' | 'category_id'>;
  slug: string | null;
  /** Whether the slug is in the front matter; otherwise it is derived from the file name. */
  isSlugWritten: boolean;
  category: string | null;
  /** Name of the author as written in the file. */
  author: string | null;
  date: Date | null;
  modifiedAt: Date;
}

/** File name of a post in Jekyll: date and slug. */
const JEKYLL_NAME = /^(\d{4}-\d{1,2}-\d{1,2})-(.+)$/;

/** Maximum characters of a path, as in the database. */
const MAX_PATH = 1024;

const validatePost = compileSchema(PostCreate, { definitions });
const validateCategory = compileSchema(CategoryCreate, { definitions });

/**
 * Reads a file as Hexo, Hugo and Jekyll do. The content stays verbatim, including line ends;
 * unknown front matter is ignored.
 *
 * @param now a post with a later date becomes a draft
 * @throws ArticleFileError if the file is not a valid post
 */
export function readArticle({ path, text, modifiedAt }: SourceFile, now: Date): Article {
  const { values, body: content } = splitFile(text);
  const name = nameOf(path);
  const date = dateOf(values) ?? name.date;
  const { status, isHeldBack } = publicationOf(path, values, date, now);
  const [category = null, ...otherCategories] = categoriesOf(values);
  const post = {
    title: textOf(values, 'title') ?? firstHeading(content) ?? titleOfName(name.rest),
    content,
    summary: textOf(values, 'description', 'summary', 'excerpt') ?? '',
    tags: unique([...tagsOf(values), ...otherCategories]),
    status,
  };
  const written = textOf(values, 'slug');
  const slug = written === null ? name.slug : slugOf(written, 200) || null;
  check(validatePost, { ...post, ...(slug === null ? {} : { slug }) }, {});
  if (category !== null) check(validateCategory, { name: category }, { name: 'categories' });
  if (path.length > MAX_PATH) throw new ArticleFileError(`The path is longer than ${MAX_PATH}`);
  return {
    sourcePath: path,
    hash: createHash('sha256')
      .update(text)
      .update(isHeldBack ? 'held back' : '')
      .digest('hex'),
    post,
    slug,
    isSlugWritten: written !== null,
    category,
    author: authorOf(values.get('author') ?? values.get('authors')),
    date,
    modifiedAt,
  };
}

/** Writes a post as a file. Reading the file gives the same post. */
export function writeArticle(post: ExportedPost): string {
  const { title, slug, published_at, created_at, author, category, tags, summary } = post;
  const values = {
    title,
    slug,
    date: new Date(published_at ?? created_at).toISOString(),
    ...(author === null ? {} : { author }),
    ...(category === null ? {} : { categories: [category] }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(summary === '' ? {} : { description: summary }),
    draft: published_at === null,
  };
  return writeFrontMatter(values, post.content);
}

function splitFile(text: string) {
  try {
    return parseFrontMatter(text);
  } catch (error) {
    if (!(error instanceof FrontMatterError)) throw error;
    throw new ArticleFileError(`Line ${error.line}: ${error.message}`);
  }
}

/** @param names front matter keys of fields whose name differs there */
function check(validate: Validator, value: object, names: Record<string, string>): void {
  const result = validate(value);
  if ('value' in result) return;
  const reasons = result.errors.map(({ loc, msg }) => {
    const [field = '', ...rest] = loc.map(String);
    return `${[names[field] ?? field, ...rest].join('.')}: ${msg}`;
  });
  throw new ArticleFileError(reasons.join('; '));
}

/** Returns the date, slug and rest of a file name; for an index file, of its folder's name. */
function nameOf(path: string): { rest: string; slug: string | null; date: Date | null } {
  const own = basename(path, extname(path));
  const name = /^_?index$/i.test(own) && dirname(path) !== '.' ? basename(dirname(path)) : own;
  const [, day, rest] = JEKYLL_NAME.exec(name) ?? [];
  const date = day === undefined ? null : parseArticleDate(day);
  if (date === null || rest === undefined) return { rest: name, slug: null, date: null };
  return { rest, slug: slugOf(rest, 200) || null, date };
}

function titleOfName(name: string): string {
  return name.replaceAll(/[-_]+/g, ' ').trim() || name;
}

/** Returns the first of these values that is text and not blank. */
function textOf(values: Values, ...names: string[]): string | null {
  for (const name of names) {
    const text = scalarOf(values.get(name));
    if (text !== null && text.trim() !== '') return text;
  }
  return null;
}

/** Returns all texts in a value, including those in nested lists. */
function listOf(value: unknown): string[] {
  const items = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];
  return items.flatMap((item) => scalarOf(item)?.trim() || []);
}

function categoriesOf(values: Values): string[] {
  return unique([...listOf(values.get('categories')), ...listOf(values.get('category'))]);
}

/** Accepts a list, or a text separated by commas or, as in Jekyll, by blanks. */
function tagsOf(values: Values): string[] {
  const tags = values.get('tags') ?? values.get('tag');
  if (typeof tags !== 'string') return listOf(tags);
  return listOf(tags.split(tags.includes(',') ? ',' : /\s+/));
}

function unique(names: string[]): string[] {
  return [...new Map(names.map((name) => [fold(name), name])).values()];
}

/** Accepts a name, a list of names, or the author object of a theme. */
function authorOf(value: unknown): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const name: unknown = first instanceof Map ? (first.get('username') ?? first.get('name')) : first;
  return scalarOf(name)?.trim() || null;
}
