/** Rates of each interface in one window, for the thresholds that are about interfaces. */
import type { AlertNotice, AlertRule } from '../alerts/alert.ts';
import type { Counts } from '../tables/totals.ts';
import { seesPackets } from './counters-only.ts';
import { InterfaceStatistics } from './interface-statistics.ts';
import type { MonitorContext } from './monitor.ts';

const DIRECTIONS = ['in', 'out', 'unknown'] as const;
type Direction = (typeof DIRECTIONS)[number];

/** Bytes a second. */
type Rates = Record<Direction, { ip: number; wire: number }>;

const NOTHING: Counts = { packets: 0, buffers: 0, ipBytes: 0, wireBytes: 0 };
const BITS_A_MEGABIT = 1e6;
/** Names that one notice lists. */
const MOST_NAMED = 8;

export class InterfaceLoads {
  readonly #context: MonitorContext;
  readonly #statistics: InterfaceStatistics;
  /** By slot and direction: counts at the last window's end. */
  readonly #last = new Map<string, Counts>();
  #rates = new Map<string, Rates>();
  /** What was said of a rule's interface already: once is enough. */
  readonly #said = new Set<string>();

  constructor(context: MonitorContext) {
    this.#context = context;
    this.#statistics = context.shared(InterfaceStatistics);
  }

  closeWindow(seconds: number): void {
    this.#rates = new Map();
    for (const { slot, name } of this.#context.interfaces()) {
      if (slot < 0) continue;
      const rates = this.#rates.get(name) ?? noRates();
      for (const direction of DIRECTIONS) this.#add(rates[direction], slot, direction, seconds);
      this.#rates.set(name, rates);
    }
  }

  /** Interfaces above the limit of the last window. */
  above(rule: AlertRule): Map<string, number> {
    const found = new Map<string, number>();
    const speeds = rule.kind === 'share' ? this.#speeds() : null;
    for (const [name, rates] of this.#rates) {
      if (rule.subject !== null && name !== rule.subject) continue;
      const kind = seesPackets(this.#context.options.source) ? 'ip' : 'wire';
      const value = speeds === null ? rateOf(rates, rule, kind) : shareOf(rates, rule, speeds.get(name) ?? null);
      if (value !== null && value > rule.limit) found.set(name, value);
    }
    return found;
  }

  /** Rules that name an interface which is not watched, or which there is not. */
  absent(rules: readonly AlertRule[], time: number): AlertNotice[] {
    const { source } = this.#context.options;
    if (source.kind === 'file') return [];
    const all = source.interfaces === 'all';
    const there = all ? (this.#context.links() ?? []).map(({ name }) => name) : source.interfaces;
    const words = all ? 'is not there now: this alert waits for it' : 'is not watched: this alert cannot happen';
    const known = new Set(there);
    return rules
      .filter(({ measure, subject }) => measure === 'interface' && subject !== null && !known.has(subject))
      .map((rule) => notice(rule, time, `${rule.subject} ${words}`));
  }

  /** Interfaces that carried something which a rule cannot judge, each told once. */
  unknown(rules: readonly AlertRule[], time: number): AlertNotice[] {
    return rules.filter(({ measure }) => measure === 'interface').flatMap((rule) => this.#unknownOf(rule, time));
  }

  reset(): void {
    this.#last.clear();
  }

  #unknownOf(rule: AlertRule, time: number): AlertNotice[] {
    const speeds = rule.kind === 'share' ? this.#speeds() : null;
    const names = (problem: string, has: (name: string, rates: Rates) => boolean): string[] =>
      [...this.#rates]
        .filter(([name, rates]) => (rule.subject ?? name) === name && has(name, rates))
        .map(([name]) => name)
        .filter((name) => this.#isNew(`${rule.text}\n${problem}\n${name}`));
    const slow = names('speed', (name, rates) => speeds !== null && isBusy(rates) && !speeds.has(name));
    const blind = names('direction', (_, { unknown }) => rule.direction !== 'both' && unknown.wire > 0);
    return [
      ...told(slow, (list) => notice(rule, time, `the speed of ${list} is not known: no share of it can be told`)),
      ...told(blind, (list) => notice(rule, time, `the capture of ${list} does not tell rx from tx`)),
    ];
  }

  #isNew(what: string): boolean {
    if (this.#said.has(what)) return false;
    this.#said.add(what);
    return true;
  }

  #add(rates: { ip: number; wire: number }, slot: number, direction: Direction, seconds: number): void {
    const key = `${slot} ${direction}`;
    const { ipBytes, wireBytes } = this.#last.get(key) ?? NOTHING;
    const now = this.#statistics.classes.countsOf(slot, direction, 'total');
    this.#last.set(key, now);
    rates.ip += (now.ipBytes - ipBytes) / seconds;
    rates.wire += (now.wireBytes - wireBytes) / seconds;
  }

  /** Bytes a second that a direction can carry; interfaces whose speed is known. */
  #speeds(): Map<string, number> {
    const speeds = new Map<string, number>();
    for (const { name, speed } of this.#context.links() ?? []) {
      if (speed !== null && speed > 0) speeds.set(name, (speed * BITS_A_MEGABIT) / 8);
    }
    return speeds;
  }
}

function noRates(): Rates {
  return { in: { ip: 0, wire: 0 }, out: { ip: 0, wire: 0 }, unknown: { ip: 0, wire: 0 } };
}

function isBusy(rates: Rates): boolean {
  return DIRECTIONS.some((direction) => rates[direction].wire > 0);
}

/** Bytes a second: of IP packets, or of whole frames where the kernel's counters are all there is. */
function rateOf(rates: Rates, { direction }: AlertRule, kind: 'ip' | 'wire'): number {
  if (direction === 'rx') return rates.in[kind];
  if (direction === 'tx') return rates.out[kind];
  return rates.in[kind] + rates.out[kind] + rates.unknown[kind];
}

/** Of the fuller direction where both are meant: a link carries its speed each way. */
function shareOf(rates: Rates, { direction }: AlertRule, speed: number | null): number | null {
  if (speed === null) return null;
  if (direction === 'rx') return rates.in.wire / speed;
  if (direction === 'tx') return rates.out.wire / speed;
  return Math.max(rates.in.wire, rates.out.wire, rates.unknown.wire) / speed;
}

function notice({ text: alert }: AlertRule, time: number, text: string): AlertNotice {
  return { type: 'alert', state: 'notice', time, alert, text };
}

function told(names: readonly string[], make: (list: string) => AlertNotice): AlertNotice[] {
  if (names.length === 0) return [];
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return [make(names.slice(0, MOST_NAMED).join(', ') + more)];
}
