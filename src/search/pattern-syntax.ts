/**
 * Regular expressions of searches: the syntax, read into a program for pattern.ts. What cannot be decided in one pass
 * over the text (back references, looking ahead and behind) is refused with a reason.
 *
 *   "a(b|c)+" ─► tree ─► instructions: set a · set b │ set c · fork · match
 */

/** The expression cannot be read; the message is short enough for a line beside what is typed. */
export class BadPattern extends Error {}

/** What must stand at a place: the text's beginning or end, the edge of a word, or no edge. */
export type Edge = 'start' | 'end' | 'word' | 'not-word';

/** Whether a UTF-16 code unit (of lower-case text) is meant. */
export type CharacterSet = (code: number) => boolean;

export type Instruction =
  | { type: 'set'; matches: CharacterSet }
  /** Goes on at both places. */
  | { type: 'fork'; to: number; or: number }
  | { type: 'edge'; edge: Edge }
  | { type: 'match' };

type Node =
  | { type: 'set'; matches: CharacterSet }
  | { type: 'edge'; edge: Edge }
  | { type: 'sequence'; items: Node[] }
  | { type: 'either'; items: Node[] }
  | { type: 'repeat'; item: Node; least: number; most: number };

/** Instructions of one pattern; "{200}" makes many of few characters. */
const MOST_INSTRUCTIONS = 256;
/** Groups within groups: reading them is recursive. */
const MOST_DEPTH = 64;
const NEWLINES = '\n\r\u2028\u2029';
const CONTROL: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };

const isWord: CharacterSet = (code) => /\w/.test(String.fromCharCode(code));
const isDigit: CharacterSet = (code) => code >= 48 && code <= 57;
const isBlank: CharacterSet = (code) => /\s/.test(String.fromCharCode(code));
const CLASSES: Readonly<Record<string, CharacterSet>> = {
  w: isWord,
  d: isDigit,
  s: isBlank,
  W: (code) => !isWord(code),
  D: (code) => !isDigit(code),
  S: (code) => !isBlank(code),
};

/** Classes within brackets by name, "[[:digit:]]" (POSIX.1 9.3.5): iftop's screen filters and grep's expressions have them. */
const NAMED_CLASSES: Readonly<Record<string, RegExp>> = {
  alpha: /[a-z]/i,
  digit: /[0-9]/,
  alnum: /[a-z0-9]/i,
  // Case does not matter.
  upper: /[a-z]/i,
  lower: /[a-z]/i,
  xdigit: /[0-9a-f]/i,
  space: /\s/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  graph: /[!-~]/,
  print: /[ -~]/,
  cntrl: /[\x00-\x1f\x7f]/,
};

/** Both cases of a letter; text is searched in lower case. */
function eitherCase(matches: CharacterSet): CharacterSet {
  return (code) => matches(code) || matches(String.fromCharCode(code).toUpperCase().charCodeAt(0));
}

function literal(character: string): CharacterSet {
  const wanted = character.toLowerCase().charCodeAt(0);
  return (code) => code === wanted;
}

/** Instructions of an expression; throws BadPattern. The first one is where matching begins. */
export function compilePattern(source: string): Instruction[] {
  const program: Instruction[] = [];
  emit(new Parser(source).parse(), program);
  add(program, { type: 'match' });
  return program;
}

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node {
    const node = this.#either();
    if (this.#at < this.#source.length) throw new BadPattern(') without (');
    return node;
  }

  get #next(): string {
    return this.#source.charAt(this.#at);
  }

  #either(): Node {
    const items = [this.#sequence()];
    while (this.#next === '|') {
      this.#at++;
      items.push(this.#sequence());
    }
    return items.length === 1 ? items[0] : { type: 'either', items };
  }

  #sequence(): Node {
    const items: Node[] = [];
    while (this.#next !== '' && this.#next !== '|' && this.#next !== ')') items.push(this.#repeated());
    return { type: 'sequence', items };
  }

  #repeated(): Node {
    const item = this.#item();
    const times = this.#times();
    if (times === null) return item;
    if (item.type === 'edge') throw new BadPattern('nothing to repeat');
    // Reluctant or not, the same texts match.
    if (this.#next === '?') this.#at++;
    if (this.#times() !== null) throw new BadPattern('nothing to repeat');
    return { type: 'repeat', item, ...times };
  }

  /** "*", "+", "?", "{2}", "{2,}", "{2,5}" at this place, or null; other braces stand for themselves. */
  #times(): { least: number; most: number } | null {
    const counted = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})/.exec(this.#source.slice(this.#at));
    if (counted === null) return null;
    const [all, sign, from, comma, to] = counted;
    this.#at += all.length;
    if (sign !== undefined) return { least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Number.POSITIVE_INFINITY };
    const least = Number(from);
    const most = comma === '' ? least : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    if (least > most) throw new BadPattern(`{${from},${to}} is empty`);
    return { least, most };
  }

  #item(): Node {
    const character = this.#next;
    this.#at++;
    switch (character) {
      case '^':
        return { type: 'edge', edge: 'start' };
      case '$':
        return { type: 'edge', edge: 'end' };
      case '.':
        return { type: 'set', matches: (code) => !NEWLINES.includes(String.fromCharCode(code)) };
      case '(':
        return this.#group();
      case '[':
        return this.#characterClass();
      case '\\':
        return this.#escaped();
      case '*':
      case '+':
      case '?':
        throw new BadPattern(`nothing before ${character}`);
      default:
        return { type: 'set', matches: literal(character) };
    }
  }

  #group(): Node {
    if (this.#next === '?') {
      if (!this.#source.startsWith('?:', this.#at)) throw new BadPattern('(? only as (?:');
      this.#at += 2;
    }
    if (++this.#depth > MOST_DEPTH) throw new BadPattern('too many ( within (');
    const node = this.#either();
    if (this.#next !== ')') throw new BadPattern('( without )');
    this.#depth--;
    this.#at++;
    return node;
  }

  #escaped(): Node {
    if (this.#next === 'b' || this.#next === 'B') {
      return { type: 'edge', edge: this.#source.charAt(this.#at++) === 'b' ? 'word' : 'not-word' };
    }
    const meant = this.#escape();
    return { type: 'set', matches: typeof meant === 'string' ? literal(meant) : meant };
  }

  /** What stands behind a backslash: a class, or one character. */
  #escape(): CharacterSet | string {
    const letter = this.#next;
    this.#at++;
    if (letter === '') throw new BadPattern('\\ at the end');
    if (CLASSES[letter] !== undefined) return CLASSES[letter];
    if (CONTROL[letter] !== undefined) return CONTROL[letter];
    if (/[a-zA-Z0-9]/.test(letter)) throw new BadPattern(`\\${letter} is not known`);
    return letter;
  }

  #characterClass(): Node {
    const negated = this.#next === '^';
    if (negated) this.#at++;
    const sets: CharacterSet[] = [];
    while (this.#next !== ']') sets.push(this.#classItem());
    this.#at++;
    const matches = eitherCase((code) => sets.some((set) => set(code)));
    return { type: 'set', matches: negated ? (code) => !matches(code) : matches };
  }

  #classItem(): CharacterSet {
    const named = this.#namedClass();
    if (named !== null) return named;
    const from = this.#classCharacter();
    if (typeof from !== 'string') return from;
    const first = from.charCodeAt(0);
    const ends = this.#source.charAt(this.#at + 1);
    if (this.#next !== '-' || ends === ']' || ends === '') return (code) => code === first;
    this.#at++;
    const to = this.#classCharacter();
    if (typeof to !== 'string') return (code) => code === first || code === 45 || to(code);
    const last = to.charCodeAt(0);
    if (last < first) throw new BadPattern(`${from}-${to} is out of order`);
    return (code) => code >= first && code <= last;
  }

  /** "[:alpha:]" at this place, or null. */
  #namedClass(): CharacterSet | null {
    const found = /^\[:([a-z]*):\]/.exec(this.#source.slice(this.#at));
    if (found === null) return null;
    const [all, name] = found;
    const named = NAMED_CLASSES[name];
    if (named === undefined) throw new BadPattern(`[:${name}:] is not known`);
    this.#at += all.length;
    return (code) => named.test(String.fromCharCode(code));
  }

  #classCharacter(): CharacterSet | string {
    const character = this.#next;
    if (character === '') throw new BadPattern('[ without ]');
    this.#at++;
    if (character !== '\\') return character;
    if (this.#next !== 'b') return this.#escape();
    this.#at++;
    return '\b';
  }
}

function add(program: Instruction[], instruction: Instruction): void {
  if (program.length >= MOST_INSTRUCTIONS) throw new BadPattern('too long');
  program.push(instruction);
}

function emit(node: Node, program: Instruction[]): void {
  switch (node.type) {
    case 'sequence':
      for (const item of node.items) emit(item, program);
      return;
    case 'either':
      emitEither(node.items, program);
      return;
    case 'repeat':
      emitTimes(node.item, node.least, program);
      if (node.most === Number.POSITIVE_INFINITY) emitLoop(node.item, program);
      else for (let k = node.least; k < node.most; k++) emitOptional(node.item, program);
      return;
    default:
      add(program, node);
  }
}

/** What is empty is so however often it stands there: "(){1000000000}" is no work. */
function emitTimes(item: Node, times: number, program: Instruction[]): void {
  for (let k = 0; k < times; k++) {
    const before = program.length;
    emit(item, program);
    if (program.length === before) return;
  }
}

/** A fork whose second way is told later. */
function fork(program: Instruction[]): { to: number; or: number } {
  const instruction = { type: 'fork' as const, to: program.length + 1, or: -1 };
  add(program, instruction);
  return instruction;
}

function emitEither(items: readonly Node[], program: Instruction[]): void {
  const ends: { to: number; or: number }[] = [];
  for (const [k, item] of items.entries()) {
    const other = k < items.length - 1 ? fork(program) : null;
    emit(item, program);
    if (other === null) break;
    ends.push(fork(program));
    other.or = program.length;
  }
  for (const end of ends) end.to = end.or = program.length;
}

function emitLoop(item: Node, program: Instruction[]): void {
  const begin = program.length;
  const leave = fork(program);
  emit(item, program);
  add(program, { type: 'fork', to: begin, or: begin });
  leave.or = program.length;
}

function emitOptional(item: Node, program: Instruction[]): void {
  const skip = fork(program);
  emit(item, program);
  skip.or = program.length;
}
