/** Maximum number of variables that are named. */
const MAX_NAMED = 20;

/** Maximum length of a name in a sentence. */
const MAX_LENGTH = 64;

/** Names at least this long may differ in two characters, shorter ones in one. */
const LONG_NAME = 8;

/** The prefix that other programs give to their variables, and this one does not. */
const PREFIX = 'ALTHING_';

/** Variables that others read: PostgreSQL's client, Node.js, npm, Docker and the system. */
const FOREIGN =
  /^(?:PG[A-Z]+|(?:NODE|NPM|COMPOSE|DOCKER|BUILDKIT|POSTGRES|LC)_\w+|TZ|LANG|PATH|UV_THREADPOOL_SIZE|SSL_CERT_(?:FILE|DIR)|(?:HTTPS?|NO|ALL)_PROXY)$/i;

export interface VariableNames {
  /** The variables that the service reads. */
  known: readonly string[];
  /** The variables that are set. */
  set: readonly string[];
  /** The variables in the service's `.env`, which is read by nobody else. */
  inFile: readonly string[];
}

/**
 * Finds variables that were probably meant for this service, but are not read: names like one of
 * its own in other case, without underscores, or with one or two wrong characters; names that begin
 * with `ALTHING_`; and every unknown name in `.env`.
 *
 * @returns one sentence per variable, without its value and without a full stop
 */
export function findMisspelled({ known, set, inFile }: VariableNames): string[] {
  const found = [...new Set([...set, ...inFile])]
    .filter((name) => !known.includes(name))
    .flatMap((name) => {
      const meant = findSimilar(name, known);
      const isOurs = meant !== undefined || name.toUpperCase().startsWith(PREFIX);
      if (!isOurs && (!inFile.includes(name) || FOREIGN.test(name))) return [];
      const advice = meant === undefined ? '' : ` (did you mean ${meant}?)`;
      return `${name.slice(0, MAX_LENGTH)} is not read${advice}`;
    });
  const rest = found.length - MAX_NAMED;
  return rest > 0
    ? [...found.slice(0, MAX_NAMED), `${rest} more variables are not read either`]
    : found;
}

function findSimilar(name: string, known: readonly string[]): string | undefined {
  const given = essence(name);
  const bare = essence(name.toUpperCase().startsWith(PREFIX) ? name.slice(PREFIX.length) : name);
  return known
    .map((each) => ({
      each,
      distance: Math.min(distance(given, essence(each)), distance(bare, essence(each))),
    }))
    .filter((pair) => pair.distance <= (essence(pair.each).length < LONG_NAME ? 1 : 2))
    .sort((a, b) => a.distance - b.distance)[0]?.each;
}

function essence(name: string): string {
  return name.toUpperCase().replaceAll(/[_.-]/g, '');
}

/**
 * The number of characters to insert, remove, replace or swap with their neighbour; 3 for anything
 * above 2.
 */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (before[j - 2] ?? 0) + 1
          : replaced;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return Math.min(row[b.length] ?? 3, 3);
}
