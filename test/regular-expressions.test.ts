import t from 'tap';
import { VISIBLE_PATTERN } from '#schemas/posts.js';
import { compilePattern } from '#src/lib/validation/pattern.js';
import { contract } from '#test/support/contract.js';
import { type FoundExpression, findExpressions } from '#test/support/regexp/find-expressions.js';
import { findSlowText } from '#test/support/regexp/hostile-texts.js';
import { compileExpression } from '#test/support/regexp/program.js';
import { hasMatch } from '#test/support/regexp/steps.js';

const FOLDERS = ['app', 'routes', 'plugins', 'src', 'schemas'];

const patterns = patternsIn(contract);

/** The expressions that the code builds at run time, each with all that it can build. */
const BUILT: Record<string, FoundExpression[]> = {
  "src/lib/visible-text.ts: new RegExp(VISIBLE_PATTERN, 'u')": [
    { where: 'what is visible', source: VISIBLE_PATTERN, flags: 'u' },
  ],
  'src/lib/validation/pattern.ts: new RegExp(translate(body), flags)': patterns.map((pattern) => {
    const { source, flags } = compilePattern(pattern);
    return { where: 'a compiled pattern of the contract', source, flags };
  }),
  // For patterns that the dialect of Rust does not allow.
  'src/lib/validation/pattern.ts: new RegExp(body, flags)': patterns.map((source) => ({
    where: 'a pattern of the contract',
    source,
    flags: 'u',
  })),
  'src/lib/validation/uuid.ts: new RegExp( `^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, )':
    [1, 3, 4, 5, 6, 7, 8].map((version) => ({
      where: 'the expression of a UUID',
      source: `^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
      flags: '',
    })),
};

const { expressions, unknown } = findExpressions(FOLDERS);

t.test('finds every regular expression', async (t) => {
  t.ok(expressions.length > 150, `${expressions.length} expressions`);
  t.ok(patterns.length > 10, `${patterns.length} patterns in the contract`);
  t.same([...new Set(unknown)].sort(), Object.keys(BUILT).sort(), 'BUILT lists the others');
});

t.test('takes linear time for every text', async (t) => {
  const all = [...expressions, ...Object.values(BUILT).flat()];
  const distinct = new Map(all.map((each) => [`/${each.source}/${each.flags}`, each]));
  const slow: string[] = [];
  for (const [shown, { where, source, flags }] of distinct) {
    const text = findSlowText(source, flags);
    if (text !== null) slow.push(`${where}: ${shown} for ${text}`);
  }
  t.same(slow, []);
});

t.test('finds slow expressions', async (t) => {
  const slow = [
    /^(?:\d+\.?\d*|\.\d+)$/,
    /\bVersion\/\S+.* Safari\//,
    /[^\s@]+@[^\s@]+/g,
    /^[^\r\n]*[^\s@]+@/,
    /\s+$/,
    / *, */,
    /%.*$/,
    / or (?=[^,]*$)/,
    /^bearer(?: +(.*))?$/i,
    /^([^=]+)="?([^"]*)"?\s*$/,
    /lock file .* already exists/,
    /^(?:a+)+$/,
    /^(?:a|a)*$/,
    /^(?:a|aa)+$/,
    /^(\w+\s?)*$/,
    /"(?:[^"\\]|\\.)*"/,
    /(?<=a+)b/,
    /(?:.*,)*end/,
    /^(?:\d+|\w+)*!/,
    /[a-z]*[0-9]*[a-z]*$/i,
    /\p{L}+\p{N}/u,
  ];
  for (const { source, flags } of slow) t.not(findSlowText(source, flags), null, source);
  const linear = [/^(?:[^@]+@)+x/, /^[\w-]+(?:\.[\w-]+)*@/, /a{0,20}b/, /\d+/g, /(?=a)a*/y];
  for (const { source, flags } of linear) t.equal(findSlowText(source, flags), null, source);
});

t.test('counts the steps of a matcher that agrees with the engine', async (t) => {
  const texts = [
    '',
    'a',
    'ab',
    'aab\n',
    'a.b',
    '12.5e3',
    'x@y.z',
    '"a\\"',
    '--',
    'é中',
    '😀 b',
    '\n',
  ];
  const differences: string[] = [];
  for (const { source, flags } of expressions) {
    const compiled = compileExpression(source, flags);
    for (const text of [...texts, source]) {
      const expected = new RegExp(source, flags).test(text);
      if (hasMatch(compiled, text) !== expected)
        differences.push(`/${source}/${flags} for ${text}`);
    }
  }
  t.same(differences, []);
});

/** Returns the values of `pattern` and the names in `patternProperties`. */
function patternsIn(document: unknown): string[] {
  const found = new Set<string>();
  JSON.stringify(document, (name, value: unknown) => {
    if (name === 'pattern' && typeof value === 'string') found.add(value);
    if (name === 'patternProperties') {
      for (const pattern of Object.keys(value as object)) found.add(pattern);
    }
    return value;
  });
  return [...found];
}
