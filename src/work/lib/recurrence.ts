import rrule from 'rrule';

// The package is CommonJS.
const { RRule } = rrule;

const WEEKDAY = '(?:MO|TU|WE|TH|FR|SA|SU)';
const WEEKDAYS = new RegExp(`^${WEEKDAY}(?:,${WEEKDAY}){0,6}$`);
const NTH_WEEKDAY = new RegExp(`^-?[1-4]${WEEKDAY}$`);
const MONTHDAY = '-?(?:[1-9]|[12][0-9]|3[01])';
const BYMONTHDAY = new RegExp(`^${MONTHDAY}(?:,${MONTHDAY}){0,30}$`);
const MONTH = '(?:[1-9]|1[0-2])';

/** Parts that every rule may have, with the values of each. */
const ALWAYS: Record<string, RegExp> = {
  INTERVAL: /^[1-9][0-9]{0,2}$/,
  UNTIL: /^[0-9]{8}(?:T[0-9]{6}Z?)?$/,
  WKST: new RegExp(`^${WEEKDAY}$`),
};

/** The parts that a rule of each frequency may have besides. */
const PARTS = new Map<string, Record<string, RegExp>[]>([
  ['DAILY', [{}]],
  ['WEEKLY', [{ BYDAY: WEEKDAYS }]],
  ['MONTHLY', [{ BYMONTHDAY }, { BYDAY: NTH_WEEKDAY }, { BYDAY: WEEKDAYS, BYSETPOS: /^-?[1-4]$/ }]],
  [
    'YEARLY',
    [
      { BYMONTH: new RegExp(`^${MONTH}(?:,${MONTH}){0,11}$`), BYMONTHDAY },
      { BYMONTH: new RegExp(`^${MONTH}$`), BYDAY: NTH_WEEKDAY },
    ],
  ],
]);

/** April, June, September and November. */
const SHORT_MONTHS = new Set([4, 6, 9, 11]);

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Whether a text is a rule by which a task can repeat: by days, by weeks with days of the week, by
 * months with days of the month or of the week, or by years with days of a month. The next day must
 * come soon: `FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30` is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
 */
export function isRecurrence(text: string): boolean {
  const parts = text.split(';').map((part) => part.split('='));
  const values = new Map(parts.map(([name = '', value = '']) => [name, value]));
  if (values.size !== parts.length || parts.some((part) => part.length !== 2)) return false;
  const forms = PARTS.get(values.get('FREQ') ?? '') ?? [];
  const hasForm = forms.some((form) => {
    const allowed = new Map<string, RegExp>([
      ['FREQ', /^[A-Z]+$/],
      ...Object.entries({ ...ALWAYS, ...form }),
    ]);
    return [...values].every(([name, value]) => allowed.get(name)?.test(value) ?? false);
  });
  return hasForm && comesSoon(values);
}

/**
 * Whether a rule leads to a next day within some years. Otherwise the library looks for one until the
 * year 9999, which takes long.
 */
function comesSoon(values: ReadonlyMap<string, string>): boolean {
  // The day of the first occurrence, which would replace them, may not exist.
  if (values.has('BYSETPOS') && !values.has('BYDAY')) return false;
  if (values.has('BYMONTH') && !values.has('BYDAY') && !values.has('BYMONTHDAY')) return false;
  const days = numbersOf(values.get('BYMONTHDAY')).map(Math.abs);
  if (days.length === 0) return true;
  const [interval = 1] = numbersOf(values.get('INTERVAL'));
  if (values.get('FREQ') === 'MONTHLY') return interval % 12 !== 0 || Math.min(...days) <= 28;
  const months = numbersOf(values.get('BYMONTH'));
  const february = interval % 2 === 1 ? 29 : 28;
  const longest = Math.max(
    ...(months.length === 0 ? [1] : months).map((month) =>
      month === 2 ? february : SHORT_MONTHS.has(month) ? 30 : 31,
    ),
  );
  return Math.min(...days) <= longest;
}

function numbersOf(list: string | undefined): number[] {
  return list === undefined ? [] : list.split(',').map(Number);
}

/**
 * Returns the first day of a rule after another day, on which the rule begins; null if it has ended,
 * or if the calendar has.
 *
 * @param rule a text for which `isRecurrence` holds
 * @param day a date such as `2026-02-14`
 */
export function nextDay(rule: string, day: string): string | null {
  const dtstart = new Date(`${day}T00:00:00.000Z`);
  const next = new RRule({ ...RRule.parseString(rule), dtstart }).after(dtstart);
  return next === null ? null : next.toISOString().slice(0, 10);
}

/** Returns the day that is as many days after `day` as `to` is after `from`. */
export function shiftedDay(day: string, from: string, to: string): string {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS;
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
