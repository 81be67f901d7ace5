import { createHash } from 'node:crypto';
import { CategoryCreate } from '#schemas/categories.js';
import { definitions } from '#schemas/index.js';
import { PostCreate, PostUpdate } from '#schemas/posts.js';
import {
  FrontMatterError,
  type MatterFile,
  parseFrontMatter,
  writeFrontMatter,
} from '#src/articles/lib/front-matter.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import type { ExportedPost } from '#src/articles/stores/article-files.js';
import { fold } from '#src/lib/fold.js';
import { compileSchema, type Validator } from '#src/lib/validation/index.js';
import { firstHeading } from '#src/markdown/markdown.js';
import { authorsOf, formerSlugsOf, MAX_NAME, nameOfFile } from './article-names.js';
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
  /** Whether the slug is in the front matter; otherwise it is that of the file or its folder. */
  isSlugWritten: boolean;
  /** Slugs of the addresses that shall lead to the post, too. */
  formerSlugs: string[];
  category: string | null;
  /** Names of the authors as written in the file. */
  authors: string[];
  date: Date | null;
  modifiedAt: Date;
}

/** Maximum characters of a path, as in the database. */
const MAX_PATH = 1024;

const validatePost = compileSchema(PostCreate, { definitions });
const validateTitle = compileSchema(PostUpdate, { definitions });
const validateCategory = compileSchema(CategoryCreate, { definitions });

/**
 * Reads a file as Hexo, Hugo and Jekyll do. The content stays verbatim, including line ends;
 * unknown front matter is ignored.
 *
 * @param now a post with a later date becomes a draft
 * @throws ArticleFileError if the file is not a valid post, with the number of the line if a value
 *   of the front matter is the reason
 */
export function readArticle(file: SourceFile, now: Date): Article {
  const matter = splitFile(file.text);
  try {
    return articleOf(file, matter, now);
  } catch (error) {
    if (!(error instanceof ArticleFileError)) throw error;
    const line = error.key === undefined ? null : matter.lineOf(error.key);
    throw line === null ? error : new ArticleFileError(`Line ${line}: ${error.message}`, error.key);
  }
}

function articleOf({ path, text, modifiedAt }: SourceFile, matter: MatterFile, now: Date): Article {
  const { values, body: content } = matter;
  const name = nameOfFile(path);
  const date = dateOf(values) ?? name.date;
  const { status, isHeldBack } = publicationOf(path, values, date, now);
  const [category = null, ...otherCategories] = categoriesOf(values);
  const [summaryKey, summary] = textOf(values, 'description', 'summary', 'excerpt');
  const post = {
    title: textOf(values, 'title')[1] ?? titleOf(content) ?? name.title,
    content,
    summary: summary ?? '',
    tags: unique([...tagsOf(values), ...otherCategories]),
    status,
  };
  const written = slugOf(textOf(values, 'slug')[1] ?? '', MAX_NAME) || null;
  const slug = written ?? name.slug;
  const keys = { summary: summaryKey, tags: values.has('tags') ? 'tags' : 'tag' };
  check(validatePost, { ...post, ...(slug === null ? {} : { slug }) }, keys);
  const categoryKey = values.has('categories') ? 'categories' : 'category';
  if (category !== null) check(validateCategory, { name: category }, { name: categoryKey });
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
    formerSlugs: formerSlugsOf(values).filter((former) => former !== slug),
    category,
    authors: authorsOf(values),
    date,
    modifiedAt,
  };
}

/** Writes a post as a file. Reading the file gives the same post. */
export function writeArticle(post: ExportedPost): string {
  const { title, slug, published_at, created_at, category, tags, summary, former_slugs } = post;
  const authors = post.source_authors ?? (post.author === null ? [] : [post.author]);
  const values = {
    title,
    slug,
    date: published_at ?? created_at,
    ...(authors.length === 1 ? { author: authors[0] } : {}),
    ...(authors.length > 1 ? { authors } : {}),
    ...(category === null ? {} : { categories: [category] }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(summary === '' ? {} : { description: summary }),
    ...(former_slugs.length === 0 ? {} : { aliases: former_slugs.map((former) => `/${former}/`) }),
    draft: published_at === null,
    // Jekyll and Hexo know this key only.
    ...(published_at === null ? { published: false } : {}),
  };
  return writeFrontMatter(values, post.content);
}

function splitFile(text: string): MatterFile {
  try {
    return parseFrontMatter(text);
  } catch (error) {
    if (!(error instanceof FrontMatterError)) throw error;
    throw new ArticleFileError(`Line ${error.line}: ${error.message}`);
  }
}

/** @param keys front matter keys of fields whose name differs there */
function check(validate: Validator, value: object, keys: Record<string, string | undefined>): void {
  const result = validate(value);
  if ('value' in result) return;
  const found = result.errors.map(({ loc, msg }) => {
    const [field = '', ...rest] = loc.map(String);
    const key = keys[field] ?? field;
    return { key, reason: `${[key, ...rest].join('.')}: ${msg}` };
  });
  throw new ArticleFileError(found.map(({ reason }) => reason).join('; '), found[0]?.key);
}

/** Returns the first heading that can be a title, or null. */
function titleOf(content: string): string | null {
  return firstHeading(content, isTitle);
}

function isTitle(text: string): boolean {
  return 'value' in validateTitle({ title: text });
}

/** Returns the first of these keys whose value is text and not blank, with the text. */
function textOf(
  values: Values,
  ...keys: string[]
): [key: string, text: string] | [undefined, null] {
  for (const key of keys) {
    const text = scalarOf(values.get(key));
    if (text !== null && text.trim() !== '') return [key, text];
  }
  return [undefined, null];
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
