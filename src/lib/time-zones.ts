/** Names of the IANA database. PostgreSQL and JavaScript also take offsets, each in its own way. */
const NAME = /^[A-Za-z][A-Za-z0-9_+/-]*$/;

/** Whether JavaScript knows a time zone of the IANA database by this name. */
export function isTimeZoneName(name: string): boolean {
  if (!NAME.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // The constructor has no other way to say no.
    return false;
  }
}
