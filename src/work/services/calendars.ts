import pLimit from 'p-limit';
import { CALENDAR_PAST_DAYS } from '#schemas/calendars.js';
import type { Context } from '#src/access/context.js';
import { installationTime } from '#src/db/installation.js';
import { ApiError } from '#src/errors.js';
import { bodyTag } from '#src/lib/entity-tag.js';
import { nameUuid } from '#src/lib/name-uuid.js';
import { calendarText } from '#src/work/lib/calendar.js';
import * as store from '#src/work/stores/calendars.js';
import { findProject } from '#src/work/stores/projects.js';
import { LAST_DAY } from './task-values.js';

/** Calendars are written one after the other: each takes the time of the process, bit by bit. */
const writing = pLimit(1);

const DAY_MS = 24 * 60 * 60 * 1000;

/** Who reads a calendar. */
export interface CalendarReader {
  userId: number;
  /** Whether personal tasks may be read. */
  hasPersonal: boolean;
}

/** A calendar: a weak entity tag, which changes with its tasks, and what reads and writes them. */
export interface Calendar {
  tag: string;
  read: () => Promise<string>;
}

/** Returns what is assigned to the reader, and the personal tasks. */
export function findMyCalendar(
  context: Context,
  reader: CalendarReader,
  clientUrl: string | undefined,
): Promise<Calendar> {
  return findCalendar(context, reader, { name: 'Althing', version: 0, clientUrl });
}

/** Returns the tasks of a project. @throws ApiError not_found unless the reader is a member */
export async function findProjectCalendar(
  context: Context,
  { userId }: CalendarReader,
  projectId: number,
  clientUrl: string | undefined,
): Promise<Calendar> {
  const project = await findProject(context.db, userId, projectId);
  if (project === null) throw new ApiError('not_found');
  const { name, version } = project;
  return findCalendar(context, { projectId }, { name, version, clientUrl });
}

async function findCalendar(
  { db, now }: Context,
  content: store.CalendarContent,
  { version, ...options }: { name: string; version: number; clientUrl: string | undefined },
): Promise<Calendar> {
  const days = { today: dayAt(now, 0), from: dayAt(now, -CALENDAR_PAST_DAYS), to: LAST_DAY };
  const fingerprint = await store.fingerprintOf(db, content, days);
  return {
    // The day, an update of the renderer and the configuration also change the text.
    tag: `W/${bodyTag([fingerprint, version, days.today])}`,
    read: async () => {
      const tasks = await store.listCalendarTasks(db, content, days);
      const installation = nameUuid(await installationTime(db));
      return writing(() => calendarText(tasks, { ...options, installation }));
    },
  };
}

function dayAt(now: Date, days: number): string {
  return new Date(now.getTime() + days * DAY_MS).toISOString().slice(0, 10);
}
