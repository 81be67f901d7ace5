import t from 'tap';
import { repairUrl } from '#src/lib/repair-url.js';

t.test('replaces bytes that are no UTF-8, as Python does', async (t) => {
  const replaced = '%EF%BF%BD';
  for (const [url, repaired] of [
    ['/a?b=c', '/a?b=c'],
    ['/%C3%A9%2F?%E4%B8%AD', '/%C3%A9%2F?%E4%B8%AD'],
    ['/%ff', `/${replaced}`],
    ['/%C3%A9/%c3%28', `/%C3%A9/${replaced}(`],
    ['/a?b=%ED%A0%80', `/a?b=${replaced.repeat(3)}`],
    ['/a?b=%F0%9F%98&c=%C3%A9', `/a?b=${replaced}&c=%C3%A9`],
    ['/a?b=%zz%C3%A9%', '/a?b=%25zz%C3%A9%25'],
    // The router refuses it.
    ['/%zz?%zz', '/%zz?%25zz'],
  ] as const) {
    t.equal(repairUrl(url), repaired, url);
  }
});
