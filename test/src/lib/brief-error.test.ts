import t from 'tap';
import { briefError } from '#src/lib/brief-error.js';

t.test('returns the first line without private parts', async (t) => {
  const cases = {
    'The mail server did not take the mail (550).': 'The mail server did not take the mail (550).',
    '  first\n    at run (/srv/app/dist/src/jobs/notice.js:3:1)': 'first',
    "ENOENT: no such file, open '/srv/app/data/secret.txt'": "ENOENT: no such file, open '[path]'",
    'cannot load file:///srv/app/x.js:12:7 now': 'cannot load [path] now',
    'cannot open C:\\Users\\me\\x.txt': 'cannot open [path]',
    '550 <alice@example.com>: unknown': '550 <[address]>: unknown',
    'a@b@c @d e@ @@@ f@@': '[address] @d e@ [address] [address]',
    'POST https://api.example.com/a/b failed and/or was late':
      'POST https://api.example.com/a/b failed and/or was late',
    'refused: token=abcdef': 'refused: token=[redacted]',
    '': '',
  };
  for (const [message, shown] of Object.entries(cases)) t.equal(briefError(message), shown);
  t.equal(briefError('x'.repeat(1000)).length, 300);
});
