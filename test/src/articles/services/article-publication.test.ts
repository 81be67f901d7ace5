import t from 'tap';
import { readArticle } from '#src/articles/services/article-files.js';

const NOW = new Date('2024-06-01T12:00:00Z');

const article = (matter: string, path = 'a.md', now = NOW) =>
  readArticle({ path, text: `---\n${matter}\n---\nText`, modifiedAt: NOW }, now);
const status = (matter: string, path?: string) => article(matter, path).post.status;

t.test('parses booleans in every notation', async (t) => {
  for (const word of ['true', 'True', 'TRUE', 'yes', 'Yes', 'on', 'ON', 'y', '"true"', '" yes "']) {
    t.equal(status(`draft: ${word}`), 'draft', word);
    t.equal(status(`published: ${word}`), 'published', word);
  }
  for (const word of ['false', 'False', 'no', 'NO', 'off', 'n', "'false'"]) {
    t.equal(status(`draft: ${word}`), 'published', word);
    t.equal(status(`published: ${word}`), 'draft', word);
  }
  t.equal(status('status: Draft'), 'draft', "this service's own field");
  t.equal(status('status: published'), 'published');
  t.equal(status('draft:\npublished:'), 'published', 'missing');
  t.equal(status('published: 2024-01-02'), 'published');
  t.same(article('published: 2024-01-02').date, new Date('2024-01-02T00:00:00Z'));

  for (const word of ['maybe', '1', '0', '""', '[true]', '{a: b}', 'constructor']) {
    t.throws(() => status(`draft: ${word}`), {
      message: /^Line 2: draft: .* is neither true nor false$/,
    });
    t.throws(() => status(`published: ${word}`), { message: /^Line 2: published: / }, word);
  }
});

t.test('treats files in a _drafts folder as drafts', async (t) => {
  t.equal(status('title: A', '_drafts/a.md'), 'draft');
  t.equal(status('published: true', 'blog/_drafts/deep/a.md'), 'draft');
  t.equal(status('title: A', 'my_drafts/a.md'), 'published');
  t.equal(status('title: A', '_drafts.md'), 'published');
});

t.test('holds back posts with a future date or past expiry', async (t) => {
  t.equal(status('date: 2024-06-01 12:00:00'), 'published');
  t.equal(status('date: 2024-06-01 12:00:01'), 'draft');
  t.equal(status('title: A', '_posts/2024-06-02-a.md'), 'draft', 'date in the file name');
  t.same(article('date: 2025-01-01').date, new Date('2025-01-01T00:00:00Z'), 'keeps the date');

  t.equal(status('date: 2024-01-01\npublishDate: 2024-06-02'), 'draft');
  t.equal(status('date: 2024-01-01\npublishDate: 2024-05-02'), 'published');
  t.same(article('publishDate: 2025-01-01').date, new Date('2025-01-01T00:00:00Z'));

  t.equal(status('expiryDate: 2024-06-01T12:00:00Z'), 'draft');
  t.equal(status('expiryDate: 2024-06-02'), 'published');
  t.throws(() => status('expiryDate: never'), {
    message: 'Line 2: expirydate: "never" is not a date',
  });
});

t.test('treats a file as changed once its date has come', async (t) => {
  const later = new Date('2024-07-01T00:00:00Z');
  const hash = (matter: string, now: Date) => article(matter, 'a.md', now).hash;
  t.equal(hash('date: 2024-06-02', NOW), hash('date: 2024-06-02', NOW));
  t.not(hash('date: 2024-06-02', NOW), hash('date: 2024-06-02', later));
  t.equal(hash('date: 2024-05-02', NOW), hash('date: 2024-05-02', later));
  t.equal(hash('date: 2024-06-02\ndraft: on', NOW), hash('date: 2024-06-02\ndraft: on', later));
});
