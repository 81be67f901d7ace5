/** Whether the text is a moment as this service writes it: ISO 8601 in UTC, with milliseconds. */
export function isMoment(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}
