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
import { compileSchema, type Validator } from '#src/lib/validation/index.js';
import { parseArticleDate } from './article-dates.js';
import { dateOf, publicationOf } from './article-publication.js';
import { ArticleFileError, scalarOf, type Values } from './article-values.js';

/** A Markdown file as it lies in a folder. */
export interface SourceFile {
  /** Relative to the folder, with `/`. */
  path: string;
  text: string;
  modifiedAt: Date;
}

/** What a file says of a post. */
export interface Article {
  sourcePath: string;
  /** By what it is known that a file has not changed, nor come out of the time that holds it back. */
  hash: string;
  post: Pick<PostCreate, 'title' | 'content' | 'summary' | 'tags' | 'status'>;
  slug: string | null;
  /** Whether the slug is written in the file; otherwise it comes from the file's name. */
  isSlugWritten: boolean;
  category: string | null;
  /** The names that may be the author's, as they are written. */
  author: string | null;
  date: Date | null;
  modifiedAt: Date;
}

/** How Jekyll names the file of a post. */
const JEKYLL_NAME = /^(\d{4}-\d{1,2}-\d{1,2})-(.+)$/;

/** Characters of a path, as the column bounds them. */
const MAX_PATH = 1024;

const validatePost = compileSchema(PostCreate, { definitions });
const validateCategory = compileSchema(CategoryCreate, { definitions });

/**
 * What Hexo, Hugo and Jekyll mean by a file. Its text stays to the letter, line ends and all; what
 * else is in the front matter is left out.
 *
 * @param now by which it is a draft if its date is still to come
 * @throws ArticleFileError if it cannot become a post
 */
export function readArticle({ path, text, modifiedAt }: SourceFile, now: Date): Article {
  const { values, body: content } = takenApart(text);
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

/** The same form: whoever reads it back gets the same post. */
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

function takenApart(text: string) {
  try {
    return parseFrontMatter(text);
  } catch (error) {
    if (!(error instanceof FrontMatterError)) throw error;
    throw new ArticleFileError(`Line ${error.line}: ${error.message}`);
  }
}

/** @param names how fields are called in the file, where that is otherwise */
function check(validate: Validator, value: object, names: Record<string, string>): void {
  const result = validate(value);
  if ('value' in result) return;
  const reasons = result.errors.map(({ loc, msg }) => {
    const [field = '', ...rest] = loc.map(String);
    return `${[names[field] ?? field, ...rest].join('.')}: ${msg}`;
  });
  throw new ArticleFileError(reasons.join('; '));
}

/** What the name of a file says by itself, or, if it is called index, that of its folder. */
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

/** The first of these values that is some text. */
function textOf(values: Values, ...names: string[]): string | null {
  for (const name of names) {
    const text = scalarOf(values.get(name));
    if (text !== null && text.trim() !== '') return text;
  }
  return null;
}

/** All text in a value, however deep lists are nested in it. */
function listOf(value: unknown): string[] {
  const items = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];
  return items.flatMap((item) => scalarOf(item)?.trim() || []);
}

function categoriesOf(values: Values): string[] {
  return unique([...listOf(values.get('categories')), ...listOf(values.get('category'))]);
}

/** A list, or one text with commas or, as Jekyll has it, blanks between. */
function tagsOf(values: Values): string[] {
  const tags = values.get('tags') ?? values.get('tag');
  if (typeof tags !== 'string') return listOf(tags);
  return listOf(tags.split(tags.includes(',') ? ',' : /\s+/));
}

function unique(names: string[]): string[] {
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

/** A name, a list of them, or what a theme knows of an author. */
function authorOf(value: unknown): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const name: unknown = first instanceof Map ? (first.get('username') ?? first.get('name')) : first;
  return scalarOf(name)?.trim() || null;
}
