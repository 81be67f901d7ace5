import t from 'tap';
import { parseArticleDate } from '#src/articles/services/article-dates.js';

t.test('parses the date formats of front matter', async (t) => {
  const moments: Record<string, string> = {
    '2024-01-02': '2024-01-02T00:00:00.000Z',
    '2024/1/2': '2024-01-02T00:00:00.000Z',
    '2024-01-02 03:04': '2024-01-02T03:04:00.000Z',
    '2024-01-02 03:04:05': '2024-01-02T03:04:05.000Z',
    '2024-01-02T03:04:05Z': '2024-01-02T03:04:05.000Z',
    '2024-01-02T03:04:05.678901Z': '2024-01-02T03:04:05.678Z',
    '2024-01-02 03:04:05 +0800': '2024-01-01T19:04:05.000Z',
    '2024-01-02 03:04:05 -05:00': '2024-01-02T08:04:05.000Z',
    '2024-01-02T3:04:05+08': '2024-01-01T19:04:05.000Z',
    '2024-01-02 03:04:05 UTC': '2024-01-02T03:04:05.000Z',
    '2024-02-29': '2024-02-29T00:00:00.000Z',
    '0001-01-01': '0001-01-01T00:00:00.000Z',
  };
  for (const [text, moment] of Object.entries(moments)) {
    t.equal(parseArticleDate(text)?.toISOString(), moment, text);
  }
});

t.test('rejects invalid dates', async (t) => {
  for (const text of [
    ...['', 'today', '2024', '2024-13-01', '2024-02-30', '2023-02-29', '0000-01-01', '01-01-2010'],
    ...['2024-01-02 25:00', '2024-01-02 03:60', '2024-01-02 03:04 +99:99', '2024-01-02 03', '١'],
  ]) {
    t.equal(parseArticleDate(text), null, text);
  }
});
