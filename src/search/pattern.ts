/**
 * A regular expression of a search, without regard to case, on short texts. The operator types it while traffic is
 * being counted, so it must never take long: each character of a text is looked at once, whatever the expression is
 * (the expressions of the language itself may try every way through a text, and stall).
 *
 * A state is where in the program a text may have come to; which state follows on which character is worked out when it
 * is first met, and kept. pattern-syntax.ts says what can be written.
 */
import { compilePattern, type Edge, type Instruction } from './pattern-syntax.ts';

/** Kinds of neighbours that edges look at. */
type Neighbour = 'none' | 'word' | 'other';

export interface PatternState {
  /** Instructions to go on from. */
  readonly places: readonly number[];
  /** The character before. */
  readonly previous: Neighbour;
  /** By ASCII character, then the end of the text. */
  readonly next: (PatternState | undefined)[];
  /** For who looks through texts that are made of a few pieces (octets of addresses): states behind each, as met. */
  readonly pieces: (PatternState | undefined)[];
}

/** Characters of a text that are looked at. */
const LONGEST_TEXT = 1024;
const ASCII = 128;
/** Place of the end of the text in State.next. */
const END = ASCII;
/** At so many they are forgotten and found again as they are needed. */
const MOST_STATES = 2000;

const NO_STATE = { places: [], previous: 'none', next: [], pieces: [] } as const;
/** The text matches, whatever follows. */
export const MATCHED: PatternState = { ...NO_STATE, next: [], pieces: [] };
/** The text has ended and does not match. */
const FAILED: PatternState = { ...NO_STATE, next: [], pieces: [] };

/** Of lower-case text. */
function neighbour(code: number | null): Neighbour {
  if (code === null) return 'none';
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95 ? 'word' : 'other';
}

function isEdge(edge: Edge, before: Neighbour, after: Neighbour): boolean {
  if (edge === 'start') return before === 'none';
  if (edge === 'end') return after === 'none';
  return ((before === 'word') !== (after === 'word')) === (edge === 'word');
}

/** A text as an expression that matches it and nothing else. */
export function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

export class Pattern {
  readonly #program: readonly Instruction[];
  #states = new Map<string, PatternState>();
  #start: PatternState;

  /** Throws BadPattern. */
  constructor(source: string) {
    this.#program = compilePattern(source);
    this.#start = this.#state([0], 'none');
  }

  /** True when some part of the text matches, in any case. */
  test(text: string): boolean {
    const lower = text.slice(0, LONGEST_TEXT).toLowerCase();
    let state = this.#start;
    for (let k = 0; k < lower.length; k++) {
      const code = lower.charCodeAt(k);
      state = code < ASCII ? (state.next[code] ?? this.#follow(state, code)) : this.#successor(state, code);
      if (state === MATCHED) return true;
    }
    return this.atEnd(state) === MATCHED;
  }

  /** The state before the first character. */
  get start(): PatternState {
    return this.#start;
  }

  /** The state behind `length` more ASCII characters of lower case; MATCHED where the end need not be waited for. */
  after(from: PatternState, text: Uint8Array, length: number): PatternState {
    let state = from;
    for (let k = 0; k < length && state !== MATCHED; k++) {
      const code = text[k];
      state = state.next[code] ?? this.#follow(state, code);
    }
    return state;
  }

  /** The state behind the end of the text: MATCHED or not. */
  atEnd(state: PatternState): PatternState {
    return state === MATCHED ? MATCHED : (state.next[END] ?? this.#follow(state, END));
  }

  #follow(state: PatternState, slot: number): PatternState {
    const next = this.#successor(state, slot === END ? null : slot);
    state.next[slot] = next;
    return next;
  }

  /** The state behind this character; null is the end of the text. */
  #successor(state: PatternState, code: number | null): PatternState {
    const after = neighbour(code);
    const reached = new Set<number>();
    const places = new Set<number>();
    const waiting = [...state.places];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (reached.has(place)) continue;
      reached.add(place);
      const instruction = this.#program[place];
      if (instruction.type === 'match') return MATCHED;
      if (instruction.type === 'fork') waiting.push(instruction.to, instruction.or);
      else if (instruction.type === 'edge') {
        if (isEdge(instruction.edge, state.previous, after)) waiting.push(place + 1);
      } else if (code !== null && instruction.matches(code)) places.add(place + 1);
    }
    if (code === null) return FAILED;
    // A match may begin behind every character.
    places.add(0);
    return this.#state(
      [...places].sort((a, b) => a - b),
      after,
    );
  }

  #state(places: readonly number[], previous: Neighbour): PatternState {
    const key = `${previous} ${places.join(' ')}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      if (this.#states.size >= MOST_STATES) this.#forget();
      state = { places, previous, next: new Array<PatternState | undefined>(ASCII + 1).fill(undefined), pieces: [] };
      this.#states.set(key, state);
    }
    return state;
  }

  #forget(): void {
    this.#states = new Map();
    this.#start = this.#state([0], 'none');
  }
}
