import { parseCookie } from 'cookie';
import Negotiator from 'negotiator';
import t from 'tap';
import { parseFrontMatter } from '#src/articles/lib/front-matter.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import { parseArticleDate } from '#src/articles/services/article-dates.js';
import { briefError } from '#src/lib/brief-error.js';
import { ifMatchHasVersion, ifNoneMatchHits } from '#src/lib/entity-tag.js';
import { languageOf } from '#src/lib/messages/index.js';
import { networkOf } from '#src/lib/network.js';
import { redactForm, redactJson, redactText } from '#src/lib/redact.js';
import { readBody } from '#src/lib/request-body.js';
import { parseUserAgent } from '#src/lib/user-agent.js';
import { isJsonContentType } from '#src/lib/validation/index.js';
import { decodeCursor } from '#src/lists/cursor.js';
import { renderMarkdown } from '#src/markdown/markdown.js';
import { excerptOf, readingMinutesOf } from '#src/markdown/reading.js';
import { cleanHtml } from '#src/markdown/sanitize-html.js';
import { findRanges, markedHtml, snippetHtml } from '#src/search/highlight.js';
import { askedRuns, askedWords, typedWords } from '#src/search/search-queries.js';
import { indexedWords } from '#src/search/search-words.js';
import { isRecurrence, nextDay } from '#src/work/lib/recurrence.js';
import { findGrowth } from '#test/support/growth.js';
import { hostileTexts } from '#test/support/hostile-texts.js';

/** Node's limit of all headers and the URL of a request. */
const HEADER = 16 * 1024;
const BODY = 64 * 1024;
/**
 * Stays below the renderer's limit of raw tags: beyond it, the sanitizer alone takes quadratic time.
 */
const HTML = 32 * 1024;
const QUERY = 4 * 1024;

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data; boundary=x';

type Parser = [longest: number, parse: (text: string) => unknown];

const multipart = (text: string) => readBody('form', MULTIPART, Buffer.from(text));
const negotiator = (text: string) =>
  new Negotiator({
    headers: { accept: text, 'accept-language': text, 'accept-encoding': text },
  });

/** Calls a parser that rejects some texts. */
function attempt(parse: () => unknown): void {
  try {
    parse();
  } catch {
    // The time counts, whatever the result.
  }
}

/** What reads texts of strangers, with the longest text that reaches it. */
const PARSERS: Record<string, Parser> = {
  'User-Agent': [HEADER, parseUserAgent],
  'Accept-Language': [HEADER, languageOf],
  'Accept and its like': [
    HEADER,
    (text) => {
      negotiator(text).languages();
      negotiator(text).encodings(['gzip', 'br']);
      negotiator(text).mediaTypes(['text/html', 'application/json']);
    },
  ],
  'If-Match': [HEADER, (text) => ifMatchHasVersion(text, 3)],
  'If-None-Match': [HEADER, (text) => ifNoneMatchHits(text, '"3-x"')],
  Cookie: [HEADER, parseCookie],
  'Content-Type': [HEADER, isJsonContentType],
  'boundary of a form': [
    HEADER,
    (text) => readBody('form', `multipart/form-data; boundary=${text}`, Buffer.from('--x')),
  ],
  'parameters of a form': [
    HEADER,
    (text) => readBody('form', `multipart/form-data; ${text}; boundary=x`, Buffer.from('--x')),
  ],
  'IP address': [HEADER, networkOf],
  cursor: [HEADER, decodeCursor],
  'search query': [
    QUERY,
    (text) => {
      askedWords(text);
      askedRuns(text);
      typedWords(text);
    },
  ],
  title: [QUERY, (text) => slugOf(text, 200)],
  'form of a body': [BODY, (text) => readBody('form', FORM, Buffer.from(text))],
  'name of a part': [
    BODY,
    (text) =>
      multipart(`--x\r\nContent-Disposition: form-data; name="${text}"\r\n\r\na\r\n--x--\r\n`),
  ],
  'header of a part': [BODY, (text) => multipart(`--x\r\n${text}\r\n\r\na\r\n--x--\r\n`)],
  'content of a part': [
    BODY,
    (text) =>
      multipart(`--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n${text}\r\n--x--\r\n`),
  ],
  'body that is shown': [
    BODY,
    (text) => {
      redactText(text);
      redactForm(text);
      redactJson(`{"a": "${text}"}`);
    },
  ],
  Markdown: [HTML, renderMarkdown],
  'raw HTML': [HTML, cleanHtml],
  'URL of a link': [HTML, (text) => cleanHtml(`<a href="${text}">a</a><img src="${text}">`)],
  'title of a link': [HTML, (text) => cleanHtml(`<a href="a" title="${text}">a</a>`)],
  'class of code': [HTML, (text) => cleanHtml(`<code class="${text}">a</code>`)],
  'text that is indexed': [BODY, indexedWords],
  'text that is found': [
    BODY,
    (text) => {
      const ranges = findRanges(text, text, ['a', '中']);
      snippetHtml(text, ranges);
      markedHtml(text, ranges);
    },
  ],
  'text of an excerpt': [
    BODY,
    (text) => {
      excerptOf(text);
      readingMinutesOf(text);
    },
  ],
  'front matter': [
    BODY,
    (text) => {
      for (const file of [text, `---\n${text}`, `---\ntitle: ${text}\n---\n`, `title: ${text}`]) {
        attempt(() => parseFrontMatter(file));
      }
      attempt(() => parseFrontMatter(`+++\ntitle = "${text}"\n+++\n`));
    },
  ],
  'date in front matter': [BODY, (text) => parseArticleDate(`2024-01-01 ${text}`)],
  'error of a job': [BODY, briefError],
  'rule of a recurrence': [
    BODY,
    (text) => {
      for (const rule of [text, `FREQ=MONTHLY;BYMONTHDAY=${text}`, `FREQ=WEEKLY;BYDAY=${text}`]) {
        if (isRecurrence(rule)) nextDay(rule, '2026-02-14');
      }
    },
  ],
};

t.test('reads the texts of strangers in linear time', async (t) => {
  const slow: string[] = [];
  for (const [name, [longest, parse]] of Object.entries(PARSERS)) {
    for (const hostile of hostileTexts()) {
      const growth = await findGrowth(parse, hostile.textOf, longest);
      if (growth !== null) slow.push(`${name} for ${hostile.name}: ${growth}`);
    }
  }
  t.same(slow, []);
});
