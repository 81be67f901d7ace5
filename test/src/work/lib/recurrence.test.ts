import t from 'tap';
import { isRecurrence, nextDay, shiftedDay } from '#src/work/lib/recurrence.js';

const INTERVALS = [
  '',
  ';INTERVAL=2',
  ';INTERVAL=4',
  ';INTERVAL=12',
  ';INTERVAL=365',
  ';INTERVAL=999',
];

/** Parts of rules by their frequency; many of their combinations name no day of any year. */
const PARTS: Record<string, string[][]> = {
  DAILY: [['']],
  WEEKLY: [
    ['', ';BYDAY=MO', ';BYDAY=SU,SA'],
    ['', ';WKST=SU'],
  ],
  MONTHLY: [
    [
      '',
      ';BYMONTHDAY=1',
      ';BYMONTHDAY=29',
      ';BYMONTHDAY=31',
      ';BYMONTHDAY=-31',
      ';BYMONTHDAY=30,31',
    ],
    ['', ';BYDAY=MO', ';BYDAY=4FR', ';BYDAY=-4FR'],
    ['', ';BYSETPOS=1', ';BYSETPOS=-4', ';BYSETPOS=4'],
  ],
  YEARLY: [
    ['', ';BYMONTH=2', ';BYMONTH=4', ';BYMONTH=2,4,6', ';BYMONTH=12'],
    ['', ';BYMONTHDAY=28', ';BYMONTHDAY=29', ';BYMONTHDAY=30', ';BYMONTHDAY=31', ';BYMONTHDAY=-30'],
    ['', ';BYDAY=-1SU', ';BYDAY=4MO'],
  ],
};

const DAYS = ['2024-02-29', '2026-01-31', '2026-02-14', '2026-02-28', '2026-12-31', '2096-02-29'];

/** No rule takes as long; those that name no day take a hundred times as long. */
const MAX_MS = 20;

const rules = Object.entries(PARTS).flatMap(([frequency, choices]) =>
  [INTERVALS, ...choices].reduce<string[]>(
    (made, parts) => made.flatMap((start) => parts.map((part) => `${start}${part}`)),
    [`FREQ=${frequency}`],
  ),
);

t.test('finds the next day of every rule soon, and refuses the others', async (t) => {
  const accepted = rules.filter(isRecurrence);
  t.ok(accepted.length > 80, `${accepted.length} rules`);
  t.ok(accepted.length < rules.length / 2, 'of many more');
  // The first call compiles.
  nextDay('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', '2026-02-14');
  for (const rule of accepted) {
    for (const day of DAYS) {
      const next = nextDay(rule, day);
      if (next === null || next <= day) t.fail(`${rule} after ${day}: ${next}`);
      const times = [1, 2, 3].map(() => {
        const begin = process.cpuUsage();
        nextDay(rule, day);
        const { user, system } = process.cpuUsage(begin);
        return (user + system) / 1000;
      });
      if (Math.min(...times) > MAX_MS) t.fail(`${rule} after ${day}: ${Math.min(...times)} ms`);
    }
  }
});

t.test('knows the rules', async (t) => {
  for (const [rule, day, next] of [
    ['FREQ=DAILY;INTERVAL=3', '2026-02-27', '2026-03-02'],
    ['FREQ=WEEKLY;BYDAY=MO,TH', '2026-02-14', '2026-02-16'],
    ['FREQ=MONTHLY', '2026-01-31', '2026-03-31'],
    ['FREQ=MONTHLY;BYMONTHDAY=-1', '2026-01-31', '2026-02-28'],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', '2026-02-14', '2026-02-27'],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', '2026-02-14', '2028-02-29'],
    ['FREQ=YEARLY;BYMONTH=5;BYDAY=2SU', '2026-02-14', '2026-05-10'],
    ['FREQ=DAILY;UNTIL=20260215', '2026-02-14', '2026-02-15'],
    ['FREQ=DAILY;UNTIL=20260214', '2026-02-14', null],
    ['FREQ=DAILY', '9999-12-31', null],
  ] as const) {
    t.ok(isRecurrence(rule), rule);
    t.equal(nextDay(rule, day), next, `${rule} after ${day}`);
  }
  for (const rule of [
    ...['', 'x', 'FREQ=HOURLY', 'FREQ=DAILY;COUNT=3', 'FREQ=DAILY;INTERVAL=0', 'INTERVAL=2'],
    ...['FREQ=DAILY;FREQ=DAILY', 'FREQ=DAILY;', 'FREQ=DAILY;BYHOUR=1', 'FREQ=WEEKLY;BYDAY=1MO'],
    ...['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=MONTHLY;BYSETPOS=2', 'FREQ=YEARLY;BYMONTH=2'],
    ...['FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30', 'FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29'],
  ]) {
    t.notOk(isRecurrence(rule), rule);
  }
});

t.test('shifts a day by as many days', async (t) => {
  t.equal(shiftedDay('2026-02-14', '2026-02-16', '2026-03-02'), '2026-02-28');
});
