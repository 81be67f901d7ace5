import { type AST, RegExpParser } from '@eslint-community/regexpp';

/** Whether one character matches. */
export type CharacterTest = (character: string) => boolean;

type Instruction =
  | { do: 'character'; matches: CharacterTest }
  | { do: 'boundary'; holds: (before: string, after: string) => boolean }
  | { do: 'look'; program: Program; negate: boolean }
  /** Continues at `first`, and at `second` if that fails. */
  | { do: 'split'; first: number; second: number }
  | { do: 'jump'; to: number }
  /** Remembers the position at the start of a repetition that may match nothing. */
  | { do: 'enter'; loop: number }
  /** Fails if the repetition has matched nothing. */
  | { do: 'leave'; loop: number }
  | { do: 'accept' };

/** A regular expression for the backtracking matcher of ECMAScript. */
export interface Program {
  instructions: Instruction[];
  /** Whether it reads from right to left, in a lookbehind. */
  backward: boolean;
}

/** A parsed and compiled regular expression. */
export interface CompiledExpression {
  pattern: AST.Pattern;
  flags: string;
  program: Program;
  /** Returns the test of a character, class or set. */
  testOf(node: AST.Character | AST.CharacterClass | AST.CharacterSet): CharacterTest;
}

/**
 * Compiles a regular expression.
 *
 * @throws Error if it uses back references or modifiers, or sets with the flag `v`
 */
export function compileExpression(source: string, flags: string): CompiledExpression {
  const unicode = flags.includes('u');
  const pattern = new RegExpParser({ ecmaVersion: 2024 }).parsePattern(
    source,
    undefined,
    undefined,
    { unicode, unicodeSets: flags.includes('v') },
  );
  const tests = new Map<string, CharacterTest>();

  function testOf({ raw }: { raw: string }): CharacterTest {
    const known = tests.get(raw);
    if (known !== undefined) return known;
    const single = new RegExp(`^(?:${raw})$`, flags.replace(/[gymd]/g, ''));
    const results = new Map<string, boolean>();
    const test = (character: string): boolean => {
      const result = results.get(character) ?? single.test(character);
      results.set(character, result);
      return result;
    };
    tests.set(raw, test);
    return test;
  }

  const program = new Assembler(testOf, flags.includes('m')).assemble(pattern.alternatives, false);
  return { pattern, flags, program, testOf };
}

const isWord = (character: string): boolean => /^\w$/.test(character);
const endsLine = (character: string): boolean => /^[\n\r\u2028\u2029]$/.test(character);

class Assembler {
  readonly #testOf: CompiledExpression['testOf'];
  readonly #multiline: boolean;
  #instructions: Instruction[] = [];
  #backward = false;
  #loops = 0;

  constructor(testOf: CompiledExpression['testOf'], multiline: boolean) {
    this.#testOf = testOf;
    this.#multiline = multiline;
  }

  assemble(alternatives: readonly AST.Alternative[], backward: boolean): Program {
    const outer = { instructions: this.#instructions, backward: this.#backward };
    this.#instructions = [];
    this.#backward = backward;
    this.#alternatives(alternatives);
    this.#add({ do: 'accept' });
    const program = { instructions: this.#instructions, backward };
    this.#instructions = outer.instructions;
    this.#backward = outer.backward;
    return program;
  }

  #add(instruction: Instruction): void {
    this.#instructions.push(instruction);
  }

  #alternatives([first, ...rest]: readonly AST.Alternative[]): void {
    if (first === undefined) return;
    if (rest.length === 0) {
      const elements = this.#backward ? first.elements.toReversed() : first.elements;
      for (const element of elements) this.#element(element);
      return;
    }
    const split = { do: 'split' as const, first: this.#instructions.length + 1, second: 0 };
    this.#add(split);
    this.#alternatives([first]);
    const jump = { do: 'jump' as const, to: 0 };
    this.#add(jump);
    split.second = this.#instructions.length;
    this.#alternatives(rest);
    jump.to = this.#instructions.length;
  }

  #element(node: AST.Element): void {
    switch (node.type) {
      case 'Character':
      case 'CharacterClass':
      case 'CharacterSet':
        this.#add({ do: 'character', matches: this.#testOf(node) });
        break;
      case 'Group':
        if (node.modifiers !== null) throw new Error('Modifiers are not supported');
        this.#alternatives(node.alternatives);
        break;
      case 'CapturingGroup':
        this.#alternatives(node.alternatives);
        break;
      case 'Assertion':
        this.#assertion(node);
        break;
      case 'Quantifier':
        this.#quantifier(node);
        break;
      default:
        throw new Error(`${node.type} is not supported`);
    }
  }

  #assertion(node: AST.Assertion): void {
    switch (node.kind) {
      case 'lookahead':
      case 'lookbehind': {
        const program = this.assemble(node.alternatives, node.kind === 'lookbehind');
        this.#add({ do: 'look', program, negate: node.negate });
        break;
      }
      case 'word':
        this.#add({
          do: 'boundary',
          holds: (before, after) => (isWord(before) !== isWord(after)) !== node.negate,
        });
        break;
      default: {
        const isStart = node.kind === 'start';
        this.#add({
          do: 'boundary',
          holds: (before, after) => {
            const beside = isStart ? before : after;
            return beside === '' || (this.#multiline && endsLine(beside));
          },
        });
      }
    }
  }

  #quantifier({ element, min, max, greedy }: AST.Quantifier): void {
    for (let count = 0; count < min; count += 1) this.#element(element);
    if (max === Number.POSITIVE_INFINITY) {
      const split = this.#choice(greedy);
      const begin = this.#instructions.length - 1;
      this.#body(element);
      this.#add({ do: 'jump', to: begin });
      this.#close(split, greedy);
      return;
    }
    const splits = [];
    for (let count = min; count < max; count += 1) {
      splits.push(this.#choice(greedy));
      this.#body(element);
    }
    for (const split of splits) this.#close(split, greedy);
  }

  #body(element: AST.QuantifiableElement): void {
    const loop = this.#loops;
    this.#loops += 1;
    if (!mayBeEmpty(element)) {
      this.#element(element);
      return;
    }
    this.#add({ do: 'enter', loop });
    this.#element(element);
    this.#add({ do: 'leave', loop });
  }

  #choice(greedy: boolean) {
    const split = { do: 'split' as const, first: 0, second: 0 };
    this.#add(split);
    if (greedy) split.first = this.#instructions.length;
    else split.second = this.#instructions.length;
    return split;
  }

  #close(split: { first: number; second: number }, greedy: boolean): void {
    if (greedy) split.second = this.#instructions.length;
    else split.first = this.#instructions.length;
  }
}

function mayBeEmpty(node: AST.Element): boolean {
  switch (node.type) {
    case 'Assertion':
      return true;
    case 'Quantifier':
      return node.min === 0 || mayBeEmpty(node.element);
    case 'Group':
    case 'CapturingGroup':
      return node.alternatives.some(({ elements }) => elements.every(mayBeEmpty));
    default:
      return false;
  }
}
