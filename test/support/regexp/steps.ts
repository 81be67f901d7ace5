import type { CompiledExpression, Program } from './program.js';

/** More steps than any linear expression takes for the texts of these tests. */
const MAX_STEPS = 3_000_000;

class TooManySteps extends Error {}

/**
 * Counts the steps of a backtracking matcher, which all regular expression engines of JavaScript
 * are, until the first match; with the flag `g`, until the last. Infinity beyond 3 million.
 *
 * Steps are the same on every machine, unlike durations.
 */
export function countSteps({ program, flags }: CompiledExpression, text: string): number {
  const characters = /[uv]/.test(flags) ? [...text] : text.split('');
  const matcher = new Matcher(characters);
  try {
    let start = 0;
    while (start <= characters.length) {
      const end = matcher.match(program, start);
      if (flags.includes('y') || (end !== -1 && !flags.includes('g'))) break;
      start = Math.max(start + 1, end);
    }
  } catch (error) {
    if (error instanceof TooManySteps) return Number.POSITIVE_INFINITY;
    throw error;
  }
  return matcher.steps;
}

/** Whether the expression matches anywhere; for comparison with the engine. */
export function hasMatch({ program, flags }: CompiledExpression, text: string): boolean {
  const characters = /[uv]/.test(flags) ? [...text] : text.split('');
  const matcher = new Matcher(characters);
  const last = flags.includes('y') ? 0 : characters.length;
  for (let start = 0; start <= last; start += 1) {
    if (matcher.match(program, start) !== -1) return true;
  }
  return false;
}

/** Positions at which repetitions began, by their number. */
type Loops = readonly number[];

class Matcher {
  steps = 0;
  readonly #characters: readonly string[];

  constructor(characters: readonly string[]) {
    this.#characters = characters;
  }

  /** Returns the end of the match that starts here, or -1. */
  match({ instructions, backward }: Program, start: number): number {
    const characters = this.#characters;
    const waiting: [at: number, position: number, loops: Loops][] = [];
    let [at, position, loops]: [number, number, Loops] = [0, start, []];
    for (;;) {
      this.steps += 1;
      if (this.steps > MAX_STEPS) throw new TooManySteps();
      const instruction = instructions[at];
      let goesOn = true;
      at += 1;
      switch (instruction?.do) {
        case 'character': {
          const character = characters[backward ? position - 1 : position];
          goesOn = character !== undefined && instruction.matches(character);
          position += backward ? -1 : 1;
          break;
        }
        case 'boundary':
          goesOn = instruction.holds(characters[position - 1] ?? '', characters[position] ?? '');
          break;
        case 'look':
          goesOn = (this.match(instruction.program, position) !== -1) !== instruction.negate;
          break;
        case 'split':
          waiting.push([instruction.second, position, loops]);
          at = instruction.first;
          break;
        case 'jump':
          at = instruction.to;
          break;
        case 'enter':
          loops = Object.assign([...loops], { [instruction.loop]: position });
          break;
        case 'leave':
          goesOn = loops[instruction.loop] !== position;
          break;
        default:
          return position;
      }
      if (goesOn) continue;
      const next = waiting.pop();
      if (next === undefined) return -1;
      [at, position, loops] = next;
    }
  }
}
