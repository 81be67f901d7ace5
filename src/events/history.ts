import type { HistoryEntry, HistoryQuery } from '#schemas/history.js';
import type { Page } from '#schemas/paging.js';
import type { Context } from '#src/access/context.js';
import { withinPageBytes } from '#src/lists/page-bytes.js';
import { readPage } from '#src/lists/paging.js';
import { FIELDS, resourceOf, shownFields } from './fields.js';
import * as store from './store.js';

/** Fields of a resource that say nothing about a change. */
const UNTOLD = new Set(['id', 'version', 'created_at', 'updated_at']);

/**
 * Returns a page of the events of a resource in its project, newest first. It reaches as far back as
 * events are kept, and contains nothing of the time before the resource came into the project. The
 * caller must check that the viewer may read the resource.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export async function listHistory(
  { db }: Pick<Context, 'db'>,
  of: store.ProjectResource,
  query: HistoryQuery,
): Promise<Page<HistoryEntry>> {
  const page = await readPage(
    { ...query, sort: '-id' },
    {
      list: (slice) => store.listHistory(db, of, slice),
      count: () => store.countHistory(db, of),
      sortKey: ({ id }) => id,
    },
  );
  return withinPageBytes({ ...page, items: page.items.map(toEntry) }, { changes: [] });
}

function toEntry(row: store.HistoryRow): HistoryEntry {
  const { id, type, at, version, people } = row;
  const isTold = (name: string) => !UNTOLD.has(name);
  const resource = resourceOf(type);
  const to = shownFields(resource, row.changes, people);
  const from = shownFields(resource, row.former ?? {}, people);
  const names = Object.keys(FIELDS[resource]).filter((name) => name in to && isTold(name));
  const isNew = row.former === null;
  return {
    id,
    type,
    at,
    actor: people[String(row.actor_id)] ?? null,
    version,
    changes: names.map((field) => ({ field, from: from[field] ?? null, to: to[field] })),
    omitted: [...row.omitted.filter(isTold), ...names.filter((name) => !isNew && !(name in from))],
  };
}
