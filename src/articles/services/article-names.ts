import { basename, dirname, extname } from 'node:path/posix';
import { slugOf } from '#src/articles/lib/slugs.js';
import { parseArticleDate } from './article-dates.js';
import { ArticleFileError, scalarOf, type Values } from './article-values.js';

/** Maximum characters of a slug, and of a title. */
export const MAX_NAME = 200;

/** Maximum characters of an author's name, and maximum number of authors, as in the database. */
const MAX_AUTHOR = 200;
const MAX_AUTHORS = 20;

/** Maximum number of further addresses of a file. */
const MAX_ADDRESSES = 50;

/** File name of a post in Jekyll: date and slug. */
const JEKYLL_NAME = /^(\d{4}-\d{1,2}-\d{1,2}|\d\d-\d{1,2}-\d{1,2})-(.+)$/;

/** An index file of Hugo, with its language if there are several. */
const INDEX = /^_?index(?:\.[a-z]{2,3}(?:-[a-z0-9]{2,8})?)?$/i;

/** What a file name says about its post. */
export interface FileName {
  title: string;
  /** Null if the name has no letters or digits, or is `index` without a folder. */
  slug: string | null;
  date: Date | null;
}

/**
 * Reads the name of a file as Hexo, Hugo and Jekyll do; for an index file, that of its folder, which
 * is a bundle of Hugo. Jekyll's names begin with a date.
 */
export function nameOfFile(path: string): FileName {
  const own = basename(path, extname(path));
  const isIndex = INDEX.test(own);
  const name = isIndex && dirname(path) !== '.' ? basename(dirname(path)) : own;
  const [, day = '', rest = name] = JEKYLL_NAME.exec(name) ?? [];
  const date = day === '' ? null : parseArticleDate(/^\d{4}/.test(day) ? day : `20${day}`);
  const named = date === null ? name : rest;
  const words = named.replaceAll(/[-_]+/g, ' ').trim() || named;
  return {
    title: [...words].slice(0, MAX_NAME).join(''),
    slug: isIndex && name === own ? null : slugOf(named, MAX_NAME) || null,
    date,
  };
}

/** Front matter keys with further addresses, of the tools and their common plugins. */
const ADDRESS_KEYS = [
  ...['url', 'permalink', 'aliases', 'alias', 'redirect_from', 'abbrlink', 'urlname'],
];

/** Values of `permalink` in Jekyll that name a pattern. */
const PATTERNS = new Set(['date', 'pretty', 'ordinal', 'weekdate', 'none']);

/**
 * Returns the slugs under which the addresses in the front matter can lead to the post: the last
 * part of each, and all its parts. Patterns such as `/:year/:title/` are ignored.
 */
export function formerSlugsOf(values: Values): string[] {
  const addresses = ADDRESS_KEYS.flatMap((key) => {
    const value = values.get(key);
    return (Array.isArray(value) ? value : [value]).flatMap((each) => scalarOf(each) ?? []);
  });
  return [...new Set(addresses.slice(0, MAX_ADDRESSES).flatMap(slugsOfAddress))];
}

function slugsOfAddress(address: string): string[] {
  const path = address.trim().replace(/^[a-z]{1,20}:\/\/[^/]*/i, '');
  if (path.includes(':') || PATTERNS.has(path)) return [];
  const [plain = '', query = ''] = path.split('#', 1)[0]?.split('?') ?? [];
  const parts = plain
    .split('/')
    .flatMap((part) => decoded(part).split('/'))
    .filter((part) => part !== '' && !/^index\.\w{1,5}$/i.test(part))
    .map((part) => part.replace(/\.(?:html?|php|aspx?|md|markdown)$/i, ''));
  // WordPress had addresses such as `/?p=123`.
  if (parts.length === 0) return [slugOf(query, MAX_NAME)].filter((slug) => slug !== '');
  const slugs = [parts.at(-1) ?? '', parts.join('/')].map((part) => slugOf(part, MAX_NAME));
  return slugs.filter((slug) => slug !== '');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * Returns the authors in the front matter. Accepts a name, a list of names, and the author objects
 * of themes.
 *
 * @throws ArticleFileError if there are more, or longer names, than are stored
 */
export function authorsOf(values: Values): string[] {
  const key = values.has('author') ? 'author' : 'authors';
  const value = values.get('author') ?? values.get('authors');
  const names = (Array.isArray(value) ? value : [value]).flatMap((each) => {
    const name = scalarOf(each) ?? scalarOf(fieldOf(each, 'username') ?? fieldOf(each, 'name'));
    return name?.trim() || [];
  });
  if (names.length > MAX_AUTHORS) {
    throw new ArticleFileError(`${key}: there are more than ${MAX_AUTHORS} names`, key);
  }
  // Lone surrogates, and the character that PostgreSQL does not store.
  const isStorable = (name: string) => name.length <= MAX_AUTHOR && !/[\p{Cs}\0]/u.test(name);
  if (!names.every(isStorable)) {
    throw new ArticleFileError(
      `${key}: a name is longer than ${MAX_AUTHOR} characters, or has characters that are not text`,
      key,
    );
  }
  return [...new Set(names)];
}

function fieldOf(value: unknown, name: string): unknown {
  if (value instanceof Map) return value.get(name);
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
