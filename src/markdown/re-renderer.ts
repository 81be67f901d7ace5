import type { Database } from '#src/db/database.js';

/** Kinds of texts with rendered HTML, in the order in which they are re-rendered. */
export const RENDERED_KINDS = ['post', 'comment', 'task', 'task_comment'] as const;
export type RenderedKind = (typeof RENDERED_KINDS)[number];

/** Kinds of texts that are indexed; tags first, because posts are indexed with their words. */
export const INDEXED_KINDS = ['tag', ...RENDERED_KINDS] as const;
export type IndexedKind = (typeof INDEXED_KINDS)[number];

/** A stored text: Markdown, or the name of a tag. */
export interface Source {
  id: number;
  content: string;
}

/** Indexes the stored texts of one kind again. Its wing implements it. */
export interface Reindexer {
  /** Channel for changes that no trigger announces; null if no process caches such texts. */
  readonly channel: string | null;
  /** Returns texts with an id greater than `after`, ordered by id, also of what is in the trash. */
  list(db: Database, after: number, limit: number): Promise<Source[]>;
  /**
   * Stores what the current rules make of the text, unless this is stored already, or the text has
   * been changed or deleted meanwhile. Version and timestamps stay, because the text is the same.
   *
   * @returns whether anything has changed
   * @throws the errors of `renderText`
   */
  renew(db: Database, source: Source): Promise<boolean>;
}

/** Renders and indexes the stored texts of one kind again. Its wing implements it. */
export interface ReRenderer extends Reindexer {
  /** Counts all texts that `list` returns. */
  count(db: Database): Promise<number>;
}

export type ReRenderers = Readonly<
  Record<RenderedKind, ReRenderer> & Record<Exclude<IndexedKind, RenderedKind>, Reindexer>
>;
