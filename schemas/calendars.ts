import { type Static, Type } from '@sinclair/typebox';
import { Component, Nullable, type OperationTag, Timestamp } from './types.js';

export const tag: OperationTag = {
  name: 'calendars',
  description: 'Tasks with a due date, for calendar programs',
};

/** The maximum number of tasks in a calendar: those whose due date is nearest. */
export const MAX_CALENDAR_TASKS = 1000;

/** The number of past days of a calendar. */
export const CALENDAR_PAST_DAYS = 90;

/** The maximum length of a description in a calendar in characters. */
export const MAX_CALENDAR_DESCRIPTION = 2000;

export const CalendarQuery = Type.Object({
  token: Type.Optional(
    Type.String({
      maxLength: 200,
      format: 'password',
      description:
        'Your calendar token, for programs that can send neither headers nor cookies. It takes ' +
        'the place of any other credential.',
    }),
  ),
});

const times = {
  created_at: Nullable(Timestamp('When the token was created'), {
    description: 'When the token was created; null if there is none',
  }),
  last_used_at: Nullable(Timestamp('When the token was last used'), {
    description: 'When the token was last used, accurate to the hour; null if never',
  }),
};

const example = {
  exists: true,
  created_at: '2026-01-31T09:30:00.000Z',
  last_used_at: null,
};

export const CalendarToken = Component(
  'CalendarToken',
  Type.Object(
    { exists: Type.Boolean({ description: 'Whether you have a calendar token' }), ...times },
    {
      description: 'Your calendar token without its secret, of which only a hash is stored',
      examples: [example],
    },
  ),
);
export type CalendarToken = Static<typeof CalendarToken>;

const secret = 'bm90LWEtcmVhbC1zZWNyZXQtYnV0LWFzLWxvbmctYXM';
const origin = 'http://127.0.0.1:8000';

export const CalendarTokenCreated = Component(
  'CalendarTokenCreated',
  Type.Object(
    {
      ...CalendarToken.properties,
      token: Type.String({
        description: 'The secret. It is shown only in this response.',
      }),
      my_calendar_url: Type.String({ description: 'The URL of your calendar, with the token' }),
      project_calendar_url: Type.String({
        description:
          'The URL of the calendar of a project, with the token; put its id in place of `{id}`',
      }),
    },
    {
      description: 'A new calendar token, with its secret',
      examples: [
        {
          ...example,
          token: secret,
          my_calendar_url: `${origin}/api/v1/me/calendar.ics?token=${secret}`,
          project_calendar_url: `${origin}/api/v1/projects/{id}/calendar.ics?token=${secret}`,
        },
      ],
    },
  ),
);
export type CalendarTokenCreated = Static<typeof CalendarTokenCreated>;
