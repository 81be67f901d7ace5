import { isZeroDate, parseArticleDate } from './article-dates.js';
import { ArticleFileError, scalarOf, type Values } from './article-values.js';

/** Boolean words of YAML 1.1, as Jekyll and Hexo read it. */
const BOOLEANS = new Map([
  ...['true', 'yes', 'y', 'on'].map((word) => [word, true] as const),
  ...['false', 'no', 'n', 'off'].map((word) => [word, false] as const),
]);

/** Front matter dates until which a post is a draft. */
const START_FIELDS = ['date', 'publishdate'];

/** Front matter date from which a post is a draft again. */
const END_FIELD = 'expirydate';

const DRAFT_FOLDER = /(?:^|\/)_drafts\//;

/** The status of a file's post, and whether it depends on the current time. */
export interface Publication {
  status: 'draft' | 'published';
  /** Whether it is a draft only because of its dates. */
  isHeldBack: boolean;
}

/**
 * Returns whether the file's post is published. It is a draft if its folder or front matter says so
 * or, as in Hugo and Jekyll, if its date is in the future or it has expired.
 *
 * @param date date of the post, from any source
 * @throws ArticleFileError if a value is invalid
 * @see https://gohugo.io/content-management/front-matter/ https://jekyllrb.com/docs/posts/#drafts
 */
export function publicationOf(
  path: string,
  values: Values,
  date: Date | null,
  now: Date,
): Publication {
  // `status` is the field of this service's own API.
  const status = scalarOf(values.get('status'))?.trim().toLowerCase();
  const isDraft = booleanOf(values, 'draft') === true || status === 'draft';
  // Some themes use `published` for the publication date.
  const isHidden = !isDate(values.get('published')) && booleanOf(values, 'published') === false;
  if (isDraft || isHidden || DRAFT_FOLDER.test(path)) return { status: 'draft', isHeldBack: false };
  const expiresAt = dateIn(values, END_FIELD);
  const isFuture = [date, ...START_FIELDS.map((name) => dateIn(values, name))].some(
    (from) => from !== null && from > now,
  );
  const isHeldBack = isFuture || (expiresAt !== null && expiresAt <= now);
  return { status: isHeldBack ? 'draft' : 'published', isHeldBack };
}

/** Returns the date of a post, or null. @throws ArticleFileError if it does not exist */
export function dateOf(values: Values): Date | null {
  const published = isDate(values.get('published')) ? ['published'] : [];
  for (const name of [...START_FIELDS, 'pubdate', ...published, 'created']) {
    const date = dateIn(values, name);
    if (date !== null) return date;
  }
  return null;
}

function dateIn(values: Values, name: string): Date | null {
  const text = scalarOf(values.get(name))?.trim() ?? '';
  if (text === '') return null;
  const date = parseArticleDate(text);
  if (date === null)
    throw new ArticleFileError(`${name}: ${JSON.stringify(text)} is not a date`, name);
  return isZeroDate(date) ? null : date;
}

/** Whether the value can only be a date: a small number may be a boolean as well as a Unix time. */
function isDate(value: unknown): boolean {
  const text = scalarOf(value) ?? '';
  return !/^\d{1,7}$/.test(text) && parseArticleDate(text) !== null;
}

/** Returns null if the value is missing. */
function booleanOf(values: Values, name: string): boolean | null {
  const value = values.get(name);
  if (value === undefined || value === null) return null;
  const parsed = BOOLEANS.get((scalarOf(value) ?? '').trim().toLowerCase());
  if (parsed !== undefined) return parsed;
  throw new ArticleFileError(`${name}: ${JSON.stringify(value)} is neither true nor false`, name);
}
