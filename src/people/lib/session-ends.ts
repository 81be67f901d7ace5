import type { SessionLimits } from '#src/access/context.js';

/** Returns when a session that started at this time ends, however often it is used. */
export function endOf(kind: keyof SessionLimits, start: Date, limits: SessionLimits): Date {
  return new Date(start.getTime() + limits[kind]);
}

/** Returns the start of the sessions that end now; all earlier ones have ended. */
export function startOfEnding(kind: keyof SessionLimits, now: Date, limits: SessionLimits): Date {
  return new Date(now.getTime() - limits[kind]);
}

/** Returns the earlier of both. */
export function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}
