import type { AST } from '@eslint-community/regexpp';
import { type CharacterTest, type CompiledExpression, compileExpression } from './program.js';
import { countSteps } from './steps.js';

/** Characters of many kinds, from which each expression gets those that it distinguishes. */
const CHARACTERS = [
  ...'azAZ09_-.+ \t\n\r"\'`<>()[]{}/\\:;,@=&#%!?*|^$~\0\u007f',
  ...['\u00a0', '\u0300', '\u2028', 'é', 'ß', 'İ', '中', '々', '٣', '😀', '\ud800'],
];

/** Lengths at which the growth is measured, and those that confirm it. */
const LENGTHS = [64, 128, 256] as const;
/** Beyond the largest bound of a repetition, such as `{1,253}`, which looks quadratic below it. */
const LONG_LENGTHS = [1024, 2048, 4096] as const;

/** Linear growth has 2, quadratic growth 4. */
const MAX_GROWTH = 2.5;

const MAX_PREFIXES = 8;
const MAX_WORDS = 40;
const MAX_ENDS = 4;

/** A text made of a part that is repeated. */
interface Attack {
  before: string;
  pumps: readonly string[];
  after: string;
}

/**
 * Returns a description of a text for which the expression takes more than linear time; null if
 * none of the texts made of its own parts is one.
 */
export function findSlowText(source: string, flags: string): string | null {
  const expression = compileExpression(source, flags);
  for (const attack of attacksOn(expression)) {
    if (grows(expression, attack, LENGTHS) && grows(expression, attack, LONG_LENGTHS)) {
      const { before, pumps, after } = attack;
      const repeated = pumps.map((pump) => `${JSON.stringify(pump)}.repeat(n)`);
      return [JSON.stringify(before), ...repeated, JSON.stringify(after)].join(' + ');
    }
  }
  return null;
}

function grows(
  expression: CompiledExpression,
  attack: Attack,
  lengths: readonly [number, number, number],
): boolean {
  const [short, medium] = lengths.slice(0, 2).map((n) => countSteps(expression, textOf(attack, n)));
  if (short === undefined || medium === undefined) return false;
  // Most expressions fail at once, and the longest text need not be tried.
  if (medium < 2.1 * short && short < 16 * lengths[0]) return false;
  const long = countSteps(expression, textOf(attack, lengths[2]));
  return long === Number.POSITIVE_INFINITY || long - medium > MAX_GROWTH * (medium - short);
}

function textOf({ before, pumps, after }: Attack, length: number): string {
  const own = length / pumps.length;
  const repeated = pumps.map((pump) => pump.repeat(Math.ceil(own / pump.length)));
  return before + repeated.join('') + after;
}

/** Builds texts of prefix, repeated part and an end that does not match. */
function* attacksOn(expression: CompiledExpression): Generator<Attack> {
  const parts = new Parts(expression);
  const { letters, words } = parts;
  const ends = ['', ...letters];
  // One character may end the repetition where a second one then fails.
  const pairs = letters.flatMap((first) => letters.map((second) => first + second));
  for (const pump of letters) {
    for (const before of ['', ...parts.prefixes]) {
      for (const after of [...ends, ...pairs]) yield { before, pumps: [pump], after };
    }
  }
  for (const word of words) {
    for (const pump of [word, ...letters.map((letter) => word + letter)]) {
      for (const after of spread(ends, MAX_ENDS)) yield { before: '', pumps: [pump], after };
    }
  }
  for (const first of letters) {
    for (const second of letters) {
      if (first === second) continue;
      for (const after of spread(ends, MAX_ENDS)) {
        yield { before: '', pumps: [first, second], after };
        yield { before: '', pumps: [first + second], after };
        for (const before of parts.prefixes.slice(0, 2)) {
          yield { before, pumps: [first, second], after };
        }
      }
    }
  }
}

/** The parts of an expression from which hostile texts are made. */
class Parts {
  /** One character for each combination of sets, classes and repetitions that match it. */
  readonly letters: string[];
  /** Texts that lead from the start of an alternative to one of its elements. */
  readonly prefixes: string[];
  /** Texts that parts of the expression match. */
  readonly words: string[];
  readonly #expression: CompiledExpression;

  constructor(expression: CompiledExpression) {
    this.#expression = expression;
    const tests: CharacterTest[] = [];
    const literals = new Set<string>();
    visit(expression.pattern.alternatives, false, (node, isRepeated) => {
      if (!isSingle(node)) return;
      // Other literals are repeated as words.
      if (isRepeated || node.type !== 'Character') tests.push(expression.testOf(node));
      for (const literal of literalsOf(node)) literals.add(literal);
    });
    const byMatches = new Map<string, string>();
    for (const character of [...literals, ...CHARACTERS]) {
      const matches = tests.map((test) => Number(test(character))).join('');
      if (!byMatches.has(matches)) byMatches.set(matches, character);
    }
    this.letters = [...byMatches.values()];
    const prefixes = new Set<string>();
    const words = new Set<string>();
    this.#collect(expression.pattern.alternatives, '', prefixes, words);
    this.prefixes = spread(
      [...prefixes].filter((text) => text !== ''),
      MAX_PREFIXES,
    );
    const others = [...words, ...prefixes].filter((text) => !['', ...this.letters].includes(text));
    this.words = spread([...new Set(others)], MAX_WORDS);
  }

  #collect(
    alternatives: readonly AST.Alternative[],
    before: string,
    prefixes: Set<string>,
    words: Set<string>,
  ): void {
    for (const { elements } of alternatives) {
      let prefix = before;
      for (const element of elements) {
        prefixes.add(prefix);
        const inner = element.type === 'Quantifier' ? element.element : element;
        if ('alternatives' in inner) this.#collect(inner.alternatives, prefix, prefixes, words);
        const sample = this.#sampleOf(element);
        words.add(sample);
        prefix += sample;
      }
      prefixes.add(prefix);
      words.add(prefix.slice(before.length));
    }
  }

  /** Returns a text that the element matches; an empty one for an assertion. */
  #sampleOf(node: AST.Element): string {
    if (node.type === 'Quantifier') {
      return this.#sampleOf(node.element).repeat(Math.min(Math.max(node.min, 1), 8));
    }
    if (isSingle(node)) {
      const test = this.#expression.testOf(node);
      return [...literalsOf(node), ...CHARACTERS].find(test) ?? '';
    }
    if (!('alternatives' in node) || node.type === 'Assertion') return '';
    const [first] = node.alternatives;
    return (first?.elements ?? []).map((element) => this.#sampleOf(element)).join('');
  }
}

type Single = AST.Character | AST.CharacterClass | AST.CharacterSet;

function isSingle(node: AST.Element): node is Single {
  return ['Character', 'CharacterClass', 'CharacterSet'].includes(node.type);
}

function literalsOf(node: Single): string[] {
  const elements = node.type === 'CharacterClass' ? node.elements : [node];
  return elements.flatMap((element) => {
    if (element.type === 'Character') return [String.fromCodePoint(element.value)];
    if (element.type !== 'CharacterClassRange') return [];
    return [element.min, element.max].map(({ value }) => String.fromCodePoint(value));
  });
}

function visit(
  alternatives: readonly AST.Alternative[],
  isInside: boolean,
  see: (node: AST.Element, isRepeated: boolean) => void,
): void {
  for (const element of alternatives.flatMap(({ elements }) => elements)) {
    const isQuantifier = element.type === 'Quantifier';
    const node = isQuantifier ? element.element : element;
    const isRepeated = isInside || (isQuantifier && element.max > 1);
    see(node, isRepeated);
    if ('alternatives' in node) visit(node.alternatives, isRepeated, see);
  }
}

/** Returns at most `count` items, spread over the whole list. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, index) => {
    const at = Math.floor((index * (items.length - 1)) / (count - 1));
    return items[at] as T;
  });
}
