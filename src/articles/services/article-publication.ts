import { parseArticleDate } from './article-dates.js';
import { ArticleFileError, scalarOf, type Values } from './article-values.js';

/** What YAML 1.1, as Jekyll and Hexo read it, takes for a truth. */
const TRUTHS = new Map([
  ...['true', 'yes', 'y', 'on'].map((word) => [word, true] as const),
  ...['false', 'no', 'n', 'off'].map((word) => [word, false] as const),
]);

/** What holds a post back until it has come. */
const FROM = ['date', 'publishdate'];

/** What ends its time. */
const UNTIL = 'expirydate';

const DRAFT_FOLDER = /(?:^|\/)_drafts\//;

/** Whether a file shows its post, and whether that can change by itself. */
export interface Publication {
  status: 'draft' | 'published';
  /** That it is a draft only because of the time. */
  isHeldBack: boolean;
}

/**
 * What a file means to be seen: no draft by its folder or its front matter, and, as for Hugo and
 * Jekyll, nothing whose date is still to come or whose time is over.
 *
 * @param date of the post, from wherever it is known
 * @throws ArticleFileError if it says so in no way that can be understood
 * @see https://gohugo.io/content-management/front-matter/ https://jekyllrb.com/docs/posts/#drafts
 */
export function publicationOf(
  path: string,
  values: Values,
  date: Date | null,
  now: Date,
): Publication {
  // `status` is what this service says itself.
  const status = scalarOf(values.get('status'))?.trim().toLowerCase();
  const isDraft = truthOf(values, 'draft') === true || status === 'draft';
  // The time at which it was published, for some themes.
  const isHidden = !isDate(values.get('published')) && truthOf(values, 'published') === false;
  if (isDraft || isHidden || DRAFT_FOLDER.test(path)) return { status: 'draft', isHeldBack: false };
  const until = dateIn(values, UNTIL);
  const isToCome = [date, ...FROM.map((name) => dateIn(values, name))].some(
    (from) => from !== null && from > now,
  );
  const isHeldBack = isToCome || (until !== null && until <= now);
  return { status: isHeldBack ? 'draft' : 'published', isHeldBack };
}

/** The date of a post: null if there is none. @throws ArticleFileError if there is no such day */
export function dateOf(values: Values): Date | null {
  const published = isDate(values.get('published')) ? ['published'] : [];
  for (const name of [...FROM, 'pubdate', ...published, 'created']) {
    const date = dateIn(values, name);
    if (date !== null) return date;
  }
  return null;
}

function dateIn(values: Values, name: string): Date | null {
  const text = scalarOf(values.get(name))?.trim() ?? '';
  if (text === '') return null;
  const date = parseArticleDate(text);
  if (date === null) throw new ArticleFileError(`${name}: ${JSON.stringify(text)} is no date`);
  return date;
}

function isDate(value: unknown): boolean {
  return parseArticleDate(scalarOf(value) ?? '') !== null;
}

/** Null if nothing is said. */
function truthOf(values: Values, name: string): boolean | null {
  const value = values.get(name);
  if (value === undefined || value === null) return null;
  const truth = TRUTHS.get((scalarOf(value) ?? '').trim().toLowerCase());
  if (truth !== undefined) return truth;
  throw new ArticleFileError(`${name}: ${JSON.stringify(value)} is neither true nor false`);
}
