import { type Static, Type } from '@sinclair/typebox';
import { EVENT_TYPES, MAX_FIELD_BYTES } from './events.js';
import { pageOf, pageQuery, truncated } from './paging.js';
import { Author } from './posts.js';
import { Component, Enum, Nullable, Ref, Timestamp } from './types.js';

const changeExample = { field: 'priority', from: 'normal', to: 'high' };

export const HistoryChange = Component(
  'HistoryChange',
  Type.Object(
    {
      field: Type.String({ description: 'The name of the field' }),
      from: Type.Unknown({
        description:
          'The value before the change, as in a response; null if the resource was new, if the ' +
          'value was too long, or for a deleted user',
      }),
      to: Type.Unknown({
        description: 'The value after the change, as in a response; null for a deleted user',
      }),
    },
    { description: 'The change of a field', examples: [changeExample] },
  ),
);
export type HistoryChange = Static<typeof HistoryChange>;

const example = {
  id: 4711,
  type: 'task.changed' as const,
  at: '2026-01-31T09:30:00.000Z',
  actor: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  version: 4,
  changes: [changeExample],
  omitted: [],
};

export const HistoryEntry = Component(
  'HistoryEntry',
  Type.Object(
    {
      id: Type.Integer({ minimum: 1, description: 'The id of the event' }),
      type: Enum(EVENT_TYPES, { description: 'What happened' }),
      at: Timestamp('When it happened'),
      actor: Nullable(Ref(Author), {
        description: 'Who did it; null if nobody was signed in, or if the user was deleted',
      }),
      version: Nullable(Type.Integer({ minimum: 1 }), {
        description: 'The version of the resource after the change; null if it was deleted',
      }),
      changes: Type.Array(Ref(HistoryChange), {
        description: 'The fields that were changed; all fields of a new resource',
      }),
      omitted: Type.Array(Type.String(), {
        description:
          'The fields that were changed and of which a value is not kept, because it has more ' +
          `than ${MAX_FIELD_BYTES.toLocaleString('en')} bytes or the change has too many. If only ` +
          'the former value is not kept, `changes` has the new one.',
      }),
      is_truncated: truncated('`changes`'),
    },
    { description: 'A change of a resource', examples: [example] },
  ),
);
export type HistoryEntry = Static<typeof HistoryEntry>;

export const HistoryPage = pageOf(
  'HistoryPage',
  Ref(HistoryEntry),
  'changes of a resource, newest first',
  example,
);

export const HistoryQuery = Type.Object(pageQuery());
export type HistoryQuery = Static<typeof HistoryQuery>;
