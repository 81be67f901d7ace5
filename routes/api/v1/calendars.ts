import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasCurrent } from '#plugins/conditional-requests.js';
import {
  CALENDAR_PAST_DAYS,
  CalendarQuery,
  MAX_CALENDAR_DESCRIPTION,
  MAX_CALENDAR_TASKS,
  tag,
} from '#schemas/calendars.js';
import { IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { ProjectParams } from '#schemas/projects.js';
import { hasScope } from '#src/access/viewer.js';
import { identifyCalendarToken } from '#src/people/services/calendar-tokens.js';
import * as calendars from '#src/work/services/calendars.js';

export interface CalendarsOptions {
  /** The base URL of the web client, if there is one. */
  clientUrl: string | undefined;
}

const MEDIA_TYPE = 'text/calendar';

const CONTENT =
  'as an iCalendar file (RFC 5545) with a whole-day event for each, from `start_on` to `due_on`. ' +
  'Tasks that are done or cancelled are left out. A calendar has the ' +
  `${MAX_CALENDAR_TASKS} tasks whose due date is nearest, back to ${CALENDAR_PAST_DAYS} days ago, ` +
  `and up to ${MAX_CALENDAR_DESCRIPTION} characters of a description. Programs that can send ` +
  'neither headers nor cookies read it with `token`, see `POST /api/v1/me/calendar-token`. Wrong ' +
  'tokens are answered 401, too many of them 429.';

const shared = {
  tags: [tag.name],
  querystring: CalendarQuery,
  headers: IfNoneMatchHeaders,
  response: {
    200: {
      description: 'The calendar',
      content: {
        [MEDIA_TYPE]: {
          schema: {
            type: 'string',
            examples: ['BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR'],
          },
        },
      },
    },
    304: NotModified,
  },
} as const;

const operations = {
  mine: {
    ...shared,
    operationId: 'calendars-read-mine',
    summary: 'Read your calendar',
    description:
      'Returns the tasks of your projects that are assigned to you, and your personal tasks, if ' +
      `they have a due date, ${CONTENT} Archived projects are left out. An API key reads personal ` +
      'tasks only if it also has the scope `tasks:read`.',
  },
  project: {
    ...shared,
    operationId: 'calendars-read-project',
    summary: 'Read the calendar of a project',
    description: `Returns the tasks of a project that have a due date, ${CONTENT}`,
    params: ProjectParams,
  },
} as const;

/** Calendars identify their reader in the handler, because the token is part of the URL. */
const routes: FastifyPluginAsyncTypebox<CalendarsOptions> = async (app, { clientUrl }) => {
  const scope = 'projects:read';

  app.get(
    '/me/calendar.ics',
    { schema: operations.mine, config: { scope } },
    async (request, reply) => {
      const reader = await readerOf(request, reply, request.query.token);
      const calendar = await calendars.findMyCalendar(request.context(), reader, clientUrl);
      return send(request, reply, calendar);
    },
  );

  app.get(
    '/projects/:id/calendar.ics',
    { schema: operations.project, config: { scope, errors: [404] } },
    async (request, reply) => {
      const reader = await readerOf(request, reply, request.query.token);
      const { id } = request.params;
      const calendar = await calendars.findProjectCalendar(
        request.context(),
        reader,
        id,
        clientUrl,
      );
      return send(request, reply, calendar);
    },
  );
};

/** @throws ApiError not_authenticated without a credential; the errors of `identifyCalendarToken` */
async function readerOf(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string | undefined,
): Promise<calendars.CalendarReader> {
  // No page may learn the token from the URL of the one that led to it.
  reply.header('referrer-policy', 'no-referrer');
  if (token !== undefined) {
    return { userId: await identifyCalendarToken(request.context(), token), hasPersonal: true };
  }
  const { viewer } = request.acting();
  return { userId: viewer.id, hasPersonal: hasScope(viewer, 'tasks:read') };
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { tag: current, read }: calendars.Calendar,
): Promise<string> {
  reply.header('etag', current);
  // The answer is 304, without the text.
  if (hasCurrent(request, current)) return '';
  reply.type(`${MEDIA_TYPE}; charset=utf-8`);
  return read();
}

export default routes;
