/**
 * A rule as one line of text, for lists, the command line and documents:
 *
 *   ACTION [PROTOCOLS] [from ENDPOINT] [to ENDPOINT] [on INTERFACES] [incoming|outgoing] [vlan LIST] [process LIST] [one-way]
 *   ACTION matching EXPRESSION…
 *   ACTION own-session
 *   ENDPOINT := [ADDRESSES|any] [port LIST] [mac LIST]
 *
 * Lists are separated by commas and printed without blanks. What has blanks, or looks like one of the words above, stands
 * in double quotes. `port LIST` before any endpoint belongs to the destination. Parsing takes the parts in any order.
 */
import type { FilterEndpoint, FilterRule } from './filter.ts';
import { BadRule, isFilled, quoted, ruleProblems } from './rule.ts';

/** Words that say what comes next; a list that is one of them is put in quotes. */
const WORDS: ReadonlySet<string> = new Set([
  'from',
  'to',
  'port',
  'mac',
  'on',
  'incoming',
  'outgoing',
  'vlan',
  'process',
  'one-way',
  'matching',
  'own-session',
]);

// --- printing ---------------------------------------------------------------------------------------------------------

/** The rule as one line; parseRuleText makes the same rule of it, in its normal form. */
export function ruleText(rule: FilterRule): string {
  const normal = normalRule(rule);
  const { action, source, destination, protocol, direction } = normal;
  if (normal.expression !== undefined) return `${action} matching ${normal.expression}`;
  if (normal.ownSession) return `${action} own-session`;
  const parts: string[] = [action];
  const add = (word: string, list: string | undefined): void => {
    if (list !== undefined) parts.push(word, listText(list));
  };
  if (protocol !== undefined) parts.push(listText(protocol));
  if (source !== undefined) parts.push('from', endpointText(source));
  if (destination !== undefined) parts.push('to', endpointText(destination));
  add('on', normal.interface);
  if (direction !== undefined) parts.push(direction === 'in' ? 'incoming' : 'outgoing');
  add('vlan', normal.vlan);
  add('process', normal.process);
  if (normal.ways === 'one') parts.push('one-way');
  return parts.join(' ');
}

function endpointText({ address, port, mac }: FilterEndpoint): string {
  const parts = [address === undefined ? 'any' : listText(address)];
  if (port !== undefined) parts.push('port', listText(port));
  if (mac !== undefined) parts.push('mac', listText(mac));
  return parts.join(' ');
}

function listText(list: string): string {
  const plain = !/[\s"\\]/.test(list) && !WORDS.has(list);
  return plain ? list : `"${list.replace(/["\\]/g, '\\$&')}"`;
}

/** The same rule without fields that say nothing, its lists without blanks around commas. */
export function normalRule(rule: FilterRule): FilterRule {
  const normal: FilterRule = { action: rule.action };
  const source = normalEndpoint(rule.source);
  const destination = normalEndpoint(rule.destination);
  if (source !== undefined) normal.source = source;
  if (destination !== undefined) normal.destination = destination;
  for (const field of ['protocol', 'interface', 'vlan', 'process'] as const) {
    if (isFilled(rule[field])) normal[field] = normalList(rule[field]);
  }
  if (rule.direction !== undefined) normal.direction = rule.direction;
  if (isFilled(rule.expression)) normal.expression = rule.expression.trim().replace(/\s+/g, ' ');
  if (rule.ownSession) normal.ownSession = true;
  const alone = normal.expression !== undefined || normal.ownSession;
  if (rule.ways === 'one' && !alone) normal.ways = 'one';
  return normal;
}

function normalEndpoint(endpoint: FilterEndpoint | undefined): FilterEndpoint | undefined {
  const normal: FilterEndpoint = {};
  for (const field of ['address', 'mac', 'port'] as const) {
    const text = endpoint?.[field];
    if (isFilled(text)) normal[field] = normalList(text);
  }
  return Object.keys(normal).length === 0 ? undefined : normal;
}

function normalList(list: string): string {
  return list
    .split(',')
    .map((item) => item.trim())
    .join(',');
}

// --- parsing ----------------------------------------------------------------------------------------------------------

/** The rule that a line of text is. Throws BadRule: a line that cannot be read, or a rule with something wrong in it. */
export function parseRuleText(text: string): FilterRule {
  const words = new Words(text);
  const action = words.take();
  if (action?.word !== 'include' && action?.word !== 'exclude') {
    throw new BadRule('a rule begins with include or exclude', 'action');
  }
  const rule = readMatchers(words, { action: action.word });
  const [first] = ruleProblems(rule);
  if (first !== undefined) throw new BadRule(`${first.field.replace('.', ' ')}: ${first.problem}`, first.field);
  return normalRule(rule);
}

function readMatchers(words: Words, rule: FilterRule): FilterRule {
  if (words.takeWord('matching')) return { ...rule, expression: words.rest() };
  if (words.takeWord('own-session')) {
    words.expectEnd();
    return { ...rule, ownSession: true };
  }
  if (!words.isAtWord()) rule.protocol = words.list('protocol');
  let loosePort: string | undefined;
  while (!words.isAtEnd()) {
    if (words.takeWord('from')) set(rule, 'source', readEndpoint(words, 'source'));
    else if (words.takeWord('to')) set(rule, 'destination', readEndpoint(words, 'destination'));
    else if (words.takeWord('on')) set(rule, 'interface', words.list('interface'));
    else if (words.takeWord('vlan')) set(rule, 'vlan', words.list('vlan'));
    else if (words.takeWord('process')) set(rule, 'process', words.list('process'));
    else if (words.takeWord('incoming')) set(rule, 'direction', 'in');
    else if (words.takeWord('outgoing')) set(rule, 'direction', 'out');
    else if (words.takeWord('one-way')) set(rule, 'ways', 'one');
    else if (loosePort === undefined && words.takeWord('port')) loosePort = words.list('destination.port');
    else throw words.unexpected();
  }
  if (loosePort === undefined) return rule;
  if (rule.destination?.port !== undefined) throw new BadRule('port is there twice', 'destination.port');
  return { ...rule, destination: { ...rule.destination, port: loosePort } };
}

function set<Field extends keyof FilterRule>(rule: FilterRule, field: Field, value: FilterRule[Field]): void {
  if (rule[field] !== undefined) throw new BadRule(`${field} is there twice`, field);
  rule[field] = value;
}

function readEndpoint(words: Words, side: 'source' | 'destination'): FilterEndpoint {
  const endpoint: FilterEndpoint = {};
  const isAny = words.takeWord('any');
  if (!isAny && !words.isAtWord()) endpoint.address = words.list(`${side}.address`);
  if (words.takeWord('port')) endpoint.port = words.list(`${side}.port`);
  if (words.takeWord('mac')) endpoint.mac = words.list(`${side}.mac`);
  if (!isAny && Object.keys(endpoint).length === 0) throw new BadRule('addresses, any, port or mac expected', side);
  return endpoint;
}

interface Word {
  /** Without its quotes. */
  word: string;
  quoted: boolean;
  /** Where it begins in the line. */
  at: number;
}

/** The words of a line, taken one after the other. */
class Words {
  readonly #line: string;
  readonly #words: Word[] = [];
  #next = 0;

  constructor(line: string) {
    this.#line = line;
    for (const { 0: whole, 1: inQuotes, index } of line.matchAll(/"((?:[^"\\]|\\.)*)"|[^\s"]+|"/g)) {
      const isQuoted = inQuotes !== undefined;
      this.#words.push({ word: isQuoted ? inQuotes.replace(/\\(.)/g, '$1') : whole, quoted: isQuoted, at: index });
    }
  }

  take(): Word | undefined {
    return this.#words[this.#next++];
  }

  /** Takes the next word if it is this one. */
  takeWord(word: string): boolean {
    const next = this.#words[this.#next];
    if (next === undefined || next.quoted || next.word !== word) return false;
    this.#next++;
    return true;
  }

  isAtEnd(): boolean {
    return this.#next >= this.#words.length;
  }

  /** True where one of WORDS comes next, or nothing. */
  isAtWord(): boolean {
    const next = this.#words[this.#next];
    return next === undefined || (!next.quoted && WORDS.has(next.word));
  }

  /** A list: one word, and those that a comma at an end or a beginning ties to it. */
  list(field: string): string {
    const first = this.isAtWord() ? undefined : this.take();
    if (first === undefined) throw new BadRule(`${field}: a list is expected`, field);
    const parts = [first];
    for (let next = this.#words[this.#next]; next !== undefined; next = this.#words[this.#next]) {
      if (!parts[parts.length - 1].word.endsWith(',') && !next.word.startsWith(',')) break;
      parts.push(next);
      this.#next++;
    }
    if (parts.some((part) => part.word === '"' && !part.quoted)) throw new BadRule('a closing " is missing', field);
    return parts.map(({ word }) => word).join('');
  }

  /** The rest of the line as it stands there. */
  rest(): string {
    const next = this.#words[this.#next];
    if (next === undefined) throw new BadRule('a capture expression is expected', 'expression');
    this.#next = this.#words.length;
    return this.#line.slice(next.at);
  }

  expectEnd(): void {
    if (!this.isAtEnd()) throw this.unexpected();
  }

  unexpected(): BadRule {
    const word = quoted(this.#words[this.#next].word);
    return new BadRule(`${word} is not expected here (from, to, on, vlan, …)`);
  }
}
