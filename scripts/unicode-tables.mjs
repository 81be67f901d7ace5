/**
 * Writes `src/lib/validation/unicode-tables.ts`: the Unicode data for email addresses that
 * JavaScript's regular expressions do not offer.
 *
 *     node scripts/unicode-tables.mjs <folder of the Unicode Character Database>
 *
 * The folder contains `UnicodeData.txt` and `ArabicShaping.txt`, as Debian's package `unicode-data`
 * installs them in `/usr/share/unicode`.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './files.mjs';

const TARGET = 'src/lib/validation/unicode-tables.ts';
const LINE_WIDTH = 100;

const folder = process.argv[2];
if (folder === undefined) throw new Error('Usage: node scripts/unicode-tables.mjs <folder>');

/** Returns the fields of each line, without comments. */
function readTable(name) {
  return readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(';').map((field) => field.trim()));
}

const [, version] = /^# \w+-([\d.]+)\.txt/.exec(
  readFileSync(join(folder, 'ArabicShaping.txt'), 'utf8'),
);

const characters = readTable('UnicodeData.txt').map(([code, name, category, combining]) => ({
  code: Number.parseInt(code, 16),
  name,
  category,
  combining: Number(combining),
}));

const joining = readTable('ArabicShaping.txt').map(([code, , type]) => ({
  code: Number.parseInt(code, 16),
  type,
}));

function escaped(code) {
  const hex = code.toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}

/** Returns the declaration of a character class. */
function declaration(name, codes) {
  const ranges = [];
  for (const code of codes) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to === code - 1) last.to = code;
    else ranges.push({ from: code, to: code });
  }
  const items = ranges.map(({ from, to }) => {
    if (from === to) return escaped(from);
    return `${escaped(from)}${to === from + 1 ? '' : '-'}${escaped(to)}`;
  });
  const line = `export const ${name} = /[${items.join('')}]/u;`;
  return line.length > LINE_WIDTH ? line.replace(' = ', ' =\n  ') : line;
}

function joiningClass(name, type) {
  return declaration(
    name,
    joining.filter((entry) => entry.type === type).map(({ code }) => code),
  );
}

/** Returns names as words, after the number of words that are those of the name before. */
function shortened(name, before) {
  const words = name.split(' ');
  let shared = 0;
  while (shared < Math.min(9, words.length - 1) && words[shared] === before[shared]) shared += 1;
  return `${shared}${words.slice(shared).join(' ')}`;
}

function nameLines() {
  const named = characters.filter(
    ({ name, category }) => /^(?:M|Z|Cf)/.test(category) && !name.startsWith('<'),
  );
  const lines = [];
  let previous = { code: -2, words: [] };
  for (const { code, name } of named) {
    const item = shortened(name, previous.words);
    const line = lines.at(-1) ?? '';
    const isNext = code === previous.code + 1;
    if (isNext && line.length + item.length + 1 <= LINE_WIDTH) {
      lines[lines.length - 1] = `${line},${item}`;
    } else lines.push(`${code.toString(16)} ${shortened(name, [])}`);
    previous = { code, words: name.split(' ') };
  }
  return lines;
}

const viramas = characters.filter(({ combining }) => combining === 9).map(({ code }) => code);

writeFileSync(
  join(ROOT, TARGET),
  `// Written by scripts/unicode-tables.mjs from the Unicode Character Database ${version}.

/** Characters with the canonical combining class Virama. */
${declaration('VIRAMA', viramas)}

/** Characters with Joining_Type=L. */
${joiningClass('LEFT_JOINING', 'L')}

/** Characters with Joining_Type=R. */
${joiningClass('RIGHT_JOINING', 'R')}

/** Characters with Joining_Type=D. */
${joiningClass('DUAL_JOINING', 'D')}

/**
 * Names of the marks, separators and format characters. A line has the code point of its first
 * character, and the names of consecutive characters. The digit before a name is the number of
 * words that it shares with the name before it in the line.
 */
export const NAMES = \`
${nameLines().join('\n')}\`;
`,
);
