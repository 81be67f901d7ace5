import { setImmediate as pause } from 'node:timers/promises';
import {
  ICalCalendar,
  ICalCalendarMethod,
  ICalEventStatus,
  ICalEventTransparency,
} from 'ical-generator';
import type { Priority } from '#schemas/tasks.js';
import { trimEndCharacter } from '#src/lib/trim-character.js';

/** Entries that are written before other requests have their turn. */
const ENTRIES_AT_ONCE = 20;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Seconds after which programs should read a calendar again. */
const REFRESH_SECONDS = 60 * 60;

/** Priorities of RFC 5545: 1 is the highest, 5 is normal, 9 the lowest. */
const PRIORITIES: Record<Priority, number> = { urgent: 1, high: 3, normal: 5, low: 9 };

/** A task as it stands in a calendar. */
export interface CalendarEntry {
  id: number;
  version: number;
  summary: string;
  /** The start of the description as text without HTML. */
  description: string;
  priority: Priority;
  start_on: string | null;
  due_on: string;
  /** Number of the task and key of its project; null for a personal task. */
  number: number | null;
  project_key: string | null;
  created_at: string;
  updated_at: string;
}

export interface CalendarOptions {
  name: string;
  /** Tells the ids of this installation from those of any other. */
  installation: string;
  /** Base URL of the web client that entries lead to, if there is one. */
  clientUrl: string | undefined;
}

/**
 * Returns a calendar with an entry for each task: a whole-day event, which blocks no time. The same
 * arguments make the same text. Writes some entries at a time, so that other requests go on.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5545
 */
export async function calendarText(
  tasks: readonly CalendarEntry[],
  options: CalendarOptions,
): Promise<string> {
  const { head, tail } = partOf([], options);
  let entries = '';
  for (let done = 0; done < tasks.length; done += ENTRIES_AT_ONCE) {
    entries += partOf(tasks.slice(done, done + ENTRIES_AT_ONCE), options).entries;
    await pause();
  }
  // The library ends the last line without its line break.
  return `${head}${entries}${tail}\r\n`;
}

/** Returns a calendar as the texts before its entries, of these, and after them. */
function partOf(tasks: readonly CalendarEntry[], options: CalendarOptions) {
  const text = calendarOf(tasks, options).toString();
  const end = text.lastIndexOf('\r\nEND:VCALENDAR');
  // No text of a user begins a line.
  const begin = tasks.length === 0 ? end : text.indexOf('\r\nBEGIN:VEVENT\r\n');
  return { head: text.slice(0, begin), entries: text.slice(begin, end), tail: text.slice(end) };
}

function calendarOf(
  tasks: readonly CalendarEntry[],
  { name, installation, clientUrl }: CalendarOptions,
): ICalCalendar {
  const calendar = new ICalCalendar({
    name: oneLine(name),
    prodId: { company: 'Althing', product: 'Althing', language: 'EN' },
    method: ICalCalendarMethod.PUBLISH,
    ttl: REFRESH_SECONDS,
  });
  for (const task of tasks) {
    const { id, number, project_key: key } = task;
    const event = calendar.createEvent({
      id: `task-${id}@${installation}`,
      sequence: task.version,
      // The default is the time of the request.
      stamp: new Date(task.updated_at),
      created: new Date(task.created_at),
      lastModified: new Date(task.updated_at),
      start: dayOf(task.start_on ?? task.due_on),
      end: new Date(dayOf(task.due_on).getTime() + DAY_MS),
      allDay: true,
      summary: oneLine(key === null ? task.summary : `${key}-${number} ${task.summary}`),
      status: ICalEventStatus.CONFIRMED,
      transparency: ICalEventTransparency.TRANSPARENT,
      priority: PRIORITIES[task.priority],
    });
    if (task.description !== '') event.description(readable(task.description));
    if (clientUrl !== undefined) event.url(urlOf(task, clientUrl));
  }
  return calendar;
}

function dayOf(day: string): Date {
  return new Date(`${day}T00:00:00.000Z`);
}

function urlOf({ id, number, project_key: key }: CalendarEntry, clientUrl: string): string {
  const path = key === null ? `tasks/${id}` : `projects/${key}/tasks/${number}`;
  return `${trimEndCharacter(clientUrl, '/')}/${path}`;
}

/** Characters that no text of RFC 5545 has, and those that some programs take for line breaks. */
const UNWANTED = /[\p{Cc}\u2028\u2029\p{Cs}]/gu;

function oneLine(text: string): string {
  return text.replaceAll(UNWANTED, ' ');
}

function readable(text: string): string {
  return text
    .split(/\r\n|[\r\n\u0085\u2028\u2029]/)
    .map(oneLine)
    .join('\n');
}
