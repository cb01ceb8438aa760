/**
 * The thresholds of --alert, judged once a second on what was counted in that second, and told as facts on the bus.
 *
 *   changed rows ─► bytes of each host, new conversations ─┐
 *   interface statistics ─► rates of each interface        ├─► values above their limit ─► Judgement ─► fact
 *   totals, capture figures                               ─┘
 *
 * Its windows are seconds of their own (seconds.ts): --every says how often is printed, not how fast a threshold is. A
 * filter narrows what is seen here.
 */
import type { AlertFact, AlertMeasure, AlertNotice, AlertRule } from '../alerts/alert.ts';
import { HostSums, MOST_HOSTS } from '../alerts/host-sums.ts';
import { GrowingCount, Judgement } from '../alerts/judgement.ts';
import { SlidingCount } from '../alerts/sliding-count.ts';
import {
  type ChangedRows,
  type ConversationTable,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_FLAG,
  ROW_WORD,
  ROW_WORDS,
} from '../tables/conversation-table.ts';
import type { Totals } from '../tables/totals.ts';
import { NETWORK } from '../wire/decoded-batch.ts';
import type { Tick } from './bus.ts';
import type { CaptureFigures } from './capture-figures.ts';
import { seesPackets } from './counters-only.ts';
import { InterfaceLoads } from './interface-loads.ts';
import type { MonitorContext } from './monitor.ts';

/** Counters since start or reset. */
interface Counters {
  packets: number;
  ipBytes: number;
  /** By the kernel and by the interface; 0 where nobody counts. */
  drops: number;
  malformed: number;
  /** Conversations that began. */
  begun: number;
}

const NOTHING: Counters = { packets: 0, ipBytes: 0, drops: 0, malformed: 0, begun: 0 };

const SECOND = 1;
/** Live a second may be told in pieces: what is shorter waits for the next one. */
const LEAST_SECONDS = 0.875;
const BEFORE_DOUBLES = 6;

/** Some rule needs the conversation table. */
export function alertsUseConversations(rules: readonly AlertRule[]): boolean {
  return rules.some(({ measure }) => measure === 'host' || measure === 'new-connections');
}

interface Watched {
  judgement: Judgement;
  /** Of a count within a time. */
  sliding: SlidingCount | null;
}

export class AlertWatch {
  readonly #context: MonitorContext;
  readonly #totals: Pick<Totals, 'packets' | 'ipBytes'>;
  readonly #figures: Pick<CaptureFigures, 'read'>;
  readonly #watched: Watched[];
  readonly #usesHosts: boolean;
  readonly #hosts = new HostSums();
  readonly #crowded = new GrowingCount();
  readonly #loads: InterfaceLoads | null;
  #begun = 0;
  /** Counters at the last window's end. */
  #last = NOTHING;
  #hasBegun = false;
  /** Seconds that were told and not judged yet. */
  #open = 0;
  #isOver = false;

  constructor(
    rules: readonly AlertRule[],
    context: MonitorContext,
    totals: Pick<Totals, 'packets' | 'ipBytes'>,
    figures: Pick<CaptureFigures, 'read'>,
  ) {
    this.#context = context;
    this.#totals = totals;
    this.#figures = figures;
    this.#watched = rules.map((rule) => ({ judgement: new Judgement(rule), sliding: null }));
    this.#usesHosts = rules.some(({ measure }) => measure === 'host');
    const usesInterfaces = rules.some(({ measure }) => measure === 'interface');
    this.#loads = usesInterfaces ? new InterfaceLoads(context) : null;
    if (alertsUseConversations(rules)) context.bus.on('changed', (changed) => this.#onChanged(changed));
    context.bus.on('reset', () => this.#reset());
    context.bus.on('clock-set', (by) => this.#move(by));
    context.bus.on('tick', ({ time, elapsed }) => this.#begin(time - elapsed));
    context.bus.on('second', (second) => this.#onSecond(second));
  }

  /** The capture is over: what is active ends with it. Idempotent. */
  end(time: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { judgement } of this.#watched) this.#tell(judgement.endAll(time));
  }

  #onSecond({ time, interval }: Tick): void {
    this.#begin(time - interval);
    this.#open += interval;
    // The last second of a file may be cut short: what it carried is judged as what a second carried.
    if (this.#context.options.source.kind === 'file') this.#open = Math.max(this.#open, SECOND);
    if (this.#open < LEAST_SECONDS) return;
    this.#close(time, this.#open);
    this.#open = 0;
  }

  /** Once. */
  #begin(time: number): void {
    if (this.#hasBegun || this.#isOver) return;
    this.#hasBegun = true;
    for (const watched of this.#watched) {
      const { within } = watched.judgement.rule;
      if (within !== null) watched.sliding = new SlidingCount(within, time);
    }
    this.#tell(this.#blind(time));
    this.#tell(this.#loads?.absent(this.#rules(), time) ?? []);
  }

  /** Without privileges: what the kernel's counters do not tell. */
  #blind(time: number): AlertNotice[] {
    if (seesPackets(this.#context.options.source)) return [];
    const text = "the kernel's counters do not tell: this alert cannot happen without the right to capture";
    return this.#watched
      .filter(({ judgement }) => !COUNTED_BY_KERNEL.has(judgement.rule.measure))
      .map(({ judgement }) => judgement.notice(time, text));
  }

  #rules(): AlertRule[] {
    return this.#watched.map(({ judgement }) => judgement.rule);
  }

  #close(time: number, seconds: number): void {
    if (this.#isOver) return;
    this.#loads?.closeWindow(seconds);
    const counters = this.#counters();
    for (const watched of this.#watched) {
      const above = this.#above(watched, counters, time, seconds);
      this.#tell(watched.judgement.judge(time, seconds, above));
    }
    if (this.#loads !== null) this.#tell(this.#loads.unknown(this.#rules(), time));
    this.#last = counters;
    this.#closeHosts(time);
  }

  #counters(): Counters {
    const { droppedByKernel, droppedByInterface, malformed } = this.#figures.read();
    const { packets, ipBytes } = this.#totals;
    const drops = (droppedByKernel ?? 0) + (droppedByInterface ?? 0);
    return { packets, ipBytes, drops, malformed: malformed ?? 0, begun: this.#begun };
  }

  #closeHosts(time: number): void {
    const { refused } = this.#hosts;
    if (this.#crowded.hasGrown(refused)) {
      const first = this.#watched.find(({ judgement }) => judgement.rule.measure === 'host') as Watched;
      const text = `more than ${MOST_HOSTS} hosts in a second: ${refused} additions were not counted`;
      this.#tell([first.judgement.notice(time, text)]);
    }
    this.#hosts.clear();
  }

  /** Subjects above the limit, with their values. */
  #above(watched: Watched, counters: Counters, time: number, seconds: number): Map<string, number> {
    const { rule } = watched.judgement;
    if (rule.measure === 'interface') return this.#loads?.above(rule) ?? new Map();
    if (rule.measure === 'host') {
      const bytes = this.#hosts.above(rule.limit * seconds, rule.direction, rule.subject);
      return new Map([...bytes].map(([subject, sum]) => [subject, sum / seconds]));
    }
    const counter = COUNTER_OF[rule.measure];
    const total = counters[counter];
    let value = total;
    if (rule.kind === 'rate') value = (total - this.#last[counter]) / seconds;
    else if (watched.sliding !== null) value = watched.sliding.add(time, total);
    return value > rule.limit ? new Map([['all', value]]) : new Map();
  }

  #onChanged({ count, rows, before }: ChangedRows): void {
    const { conversations } = this.#context;
    const { u32, f64 } = conversations;
    for (let k = 0; k < count; k++) {
      const word = rows[k] * ROW_WORDS;
      if (u32[word + ROW_WORD.place] >>> 24 === NETWORK.other) continue;
      const from = k * BEFORE_DOUBLES;
      if (before[from] + before[from + 1] === 0 && isBegun(conversations, word)) this.#begun++;
      if (!this.#usesHosts) continue;
      const bytes = rows[k] * ROW_DOUBLES + ROW_DOUBLE.ipBytes;
      const sent = f64[bytes] - before[from + 2];
      this.#hosts.addConversation(
        u32,
        word,
        u32[word + ROW_WORD.interfaceSlot],
        sent,
        f64[bytes + 1] - before[from + 3],
      );
    }
  }

  #move(by: number): void {
    for (const { judgement, sliding } of this.#watched) {
      judgement.move(by);
      sliding?.move(by);
    }
  }

  #reset(): void {
    this.#begun = 0;
    this.#last = NOTHING;
    this.#open = 0;
    this.#hosts.clear();
    this.#loads?.reset();
    for (const watched of this.#watched) {
      const { within } = watched.judgement.rule;
      if (within !== null) watched.sliding = new SlidingCount(within, this.#context.now());
    }
  }

  #tell(facts: readonly AlertFact[]): void {
    for (const fact of facts) this.#context.bus.emit('fact', fact);
  }
}

const COUNTED_BY_KERNEL: ReadonlySet<AlertMeasure> = new Set<AlertMeasure>(['interface', 'packets', 'drops']);

const COUNTER_OF = {
  packets: 'packets',
  bytes: 'ipBytes',
  drops: 'drops',
  malformed: 'malformed',
  'new-connections': 'begun',
} as const satisfies Partial<Record<AlertMeasure, keyof Counters>>;

/** A connection that was open before it was seen did not begin now. */
function isBegun({ u32 }: ConversationTable, word: number): boolean {
  return (u32[word + ROW_WORD.flags] & ROW_FLAG.partial) === 0;
}
