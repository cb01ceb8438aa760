/**
 * A report from the entries of logs, one after the other, in memory that does not grow with them. Knows no files and no
 * clock.
 *
 *   conversation ─► ledger (hosts, ports, conversations…), day and hour of its end
 *   hourly sum   ─► what passed in that hour               block, stopped ─► losses of its day
 */
import { AlertTable } from './alert-table.ts';
import { Calendar, dateText, zoneName } from './calendar.ts';
import type { BlockEntry, ConversationEntry, Ending, Entry, ErrorEntry, Losses, SumEntry } from './entry.ts';
import { Ledger } from './ledger.ts';
import { joined, LossMeter, LossTable, plus, wholeOf } from './losses.ts';
import { fingerprintOf, Repetitions } from './repetitions.ts';
import type { DayRow, HourRow, Ranking, Report, ReportInput, Sums } from './report.ts';

/** Hours that are told apart: 22 years. A log with wrong times must not eat the memory. */
const MAXIMUM_HOURS = 200_000;
const MAXIMUM_INTERFACES_A_DAY = 1000;
const LAST_ERRORS = 20;

export interface ReportOptions {
  /** Records from this moment on and before that one, by their time: conversations by their end. */
  from: number | null;
  to: number | null;
  /** Rows of each ranking; 0: all. */
  limit: number;
  /** Different hosts and conversations that are told apart. */
  capacity?: number;
}

interface Passed {
  packets: number;
  bytes: number;
  losses: Losses;
}

interface Hour {
  ended: Sums;
  /** By interface, and within it by log and monitor: those of one capture say the same. */
  passed: Map<string, Map<string, Passed>>;
}

interface Day extends Sums {
  interfaces: Map<string, Sums>;
  losses: LossTable;
  alerts: number;
}

export class ReportBuilder {
  readonly #options: ReportOptions;
  readonly #ledger: Ledger;
  readonly #calendar = new Calendar();
  readonly #hours = new Map<number, Hour>();
  readonly #days = new Map<number, Day>();
  readonly #totals = noSums();
  readonly #endings: Record<Ending, number> = { closed: 0, reset: 0, 'timed-out': 0, open: 0 };
  readonly #meter = new LossMeter();
  readonly #losses = new LossTable();
  readonly #alerts = new AlertTable();
  readonly #repetitions = new Repetitions();
  readonly #errors: { time: number; text: string }[] = [];
  #errorCount = 0;
  #lostLines = 0;
  #starts = 0;
  #first: number | null = null;
  #last: number | null = null;
  /** By log: the earliest time of its records. */
  readonly #began = new Map<string, number>();

  constructor(options: ReportOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.capacity);
  }

  /** `log` tells the counters of one log from those of another; `where` names the line. */
  add(entry: Entry, log: string, where: () => string): void {
    // Of a capture file, records have its times; the program's own have those of today.
    this.#began.set(log, Math.min(this.#began.get(log) ?? entry.time, entry.time));
    // Counters go on before --from: what was lost then is not lost now.
    if (entry.kind === 'block' || entry.kind === 'sum') this.#addLosses(entry, log);
    const time = entry.kind === 'sum' && entry.block === 'hour' ? hourOf(this.#calendar, entry) : entry.time;
    if (!this.#takes(time)) return;
    this.#first = Math.min(this.#first ?? entry.time, entry.time);
    this.#last = Math.max(this.#last ?? entry.time, entry.time);
    this.#take(entry, log, where);
  }

  #takes(time: number): boolean {
    const { from, to } = this.#options;
    return (from === null || time >= from) && (to === null || time < to);
  }

  #take(entry: Entry, log: string, where: () => string): void {
    switch (entry.kind) {
      case 'conversation':
        this.#addConversation(entry, where);
        break;
      case 'sum':
        if (entry.block === 'hour') this.#addHour(entry, log);
        break;
      case 'alert':
        this.#alerts.add(entry);
        if (entry.state === 'started') this.#day(entry.time).alerts++;
        break;
      case 'started':
        this.#starts++;
        break;
      case 'lost':
        this.#lostLines += entry.lines;
        break;
      case 'error':
        this.#addError(entry);
    }
  }

  #addConversation(entry: ConversationEntry, where: () => string): void {
    const { time, bytes, packets } = entry;
    const what = `${entry.protocol} ${entry.from} ${entry.to} ${entry.interface} ${entry.ending}`;
    this.#repetitions.add(fingerprintOf(what, time, bytes[0], bytes[1], packets[0], packets[1]), where);
    this.#ledger.add(entry);
    this.#endings[entry.ending] += entry.conversations;
    const day = this.#day(time);
    let ofInterface = day.interfaces.get(entry.interface);
    if (ofInterface === undefined && day.interfaces.size < MAXIMUM_INTERFACES_A_DAY) {
      ofInterface = noSums();
      day.interfaces.set(entry.interface, ofInterface);
    }
    for (const sums of [this.#totals, day, ofInterface, this.#hour(this.#calendar.hour(time))?.ended]) {
      if (sums !== undefined) addTo(sums, entry);
    }
  }

  #addHour({ interface: name, monitor, packets, bytes, losses, ...entry }: SumEntry, log: string): void {
    const hour = this.#hour(hourOf(this.#calendar, entry));
    if (hour === undefined) return;
    const sayers = hour.passed.get(name) ?? new Map<string, Passed>();
    hour.passed.set(name, sayers);
    const sayer = [log, monitor].join('\0');
    const before = sayers.get(sayer);
    // More than one of a monitor: its capture was started anew within the hour.
    sayers.set(sayer, before === undefined ? { packets, bytes, losses } : together(before, { packets, bytes, losses }));
  }

  #addLosses(entry: BlockEntry | SumEntry, log: string): void {
    const losses = this.#meter.read(entry, log, this.#began.get(log) ?? entry.time);
    if (!this.#takes(entry.time)) return;
    this.#losses.add(entry.interface, log, losses);
    this.#day(entry.time).losses.add(entry.interface, log, losses);
  }

  #addError({ time, text }: ErrorEntry): void {
    this.#errorCount++;
    this.#errors.push({ time, text });
    if (this.#errors.length > LAST_ERRORS) this.#errors.shift();
  }

  #hour(start: number): Hour | undefined {
    let hour = this.#hours.get(start);
    if (hour !== undefined || this.#hours.size >= MAXIMUM_HOURS) return hour;
    hour = { ended: noSums(), passed: new Map() };
    this.#hours.set(start, hour);
    return hour;
  }

  #day(time: number): Day {
    const start = this.#calendar.day(time);
    let day = this.#days.get(start);
    if (day === undefined) {
      day = { ...noSums(), interfaces: new Map(), losses: new LossTable(), alerts: 0 };
      // One that is not kept takes what comes and is forgotten.
      if (this.#days.size < MAXIMUM_HOURS / 24) this.#days.set(start, day);
    }
    return day;
  }

  report(input: Omit<ReportInput, 'lostLines' | 'starts' | 'repeatedRecords' | 'firstRepeated'>): Report {
    const { from, to, limit } = this.#options;
    const ledger = this.#ledger;
    const hours = this.#hourRows();
    return {
      zone: zoneName(),
      from,
      to,
      firstRecord: this.#first,
      lastRecord: this.#last,
      input: {
        ...input,
        repeatedRecords: this.#repetitions.count,
        firstRepeated: this.#repetitions.first,
        lostLines: this.#lostLines,
        starts: this.#starts,
      },
      totals: { ...this.#totals, endings: this.#endings, losses: this.#losses.total() },
      sources: ledger.sources(limit),
      destinations: ledger.destinations(limit),
      ports: ledger.ports(limit),
      protocols: ledger.protocols(limit),
      conversations: ledger.conversations(limit),
      interfaces: ledger.interfaces(limit),
      busiestHours: busiest(hours, limit),
      hours,
      days: this.#dayRows(),
      losses: this.#losses.rows(),
      alerts: this.#alerts.ranking(limit),
      errors: { count: this.#errorCount, last: this.#errors },
    };
  }

  #hourRows(): HourRow[] {
    return byTime(this.#hours).map(([start, { ended, passed }]) => {
      const whole = wholeOf(new Map([...passed].map(([name, sayers]) => [name, mostOf(sayers)])), together);
      const { packets, bytes } = whole ?? ended;
      return { start, measured: whole !== null, packets, bytes, ended, losses: whole?.losses ?? null };
    });
  }

  #dayRows(): DayRow[] {
    return byTime(this.#days).map(([start, { interfaces, losses, ...day }]) => ({
      ...day,
      start,
      date: dateText(start),
      interfaces: [...interfaces].map(([name, sums]) => ({ name, ...sums })).sort((a, b) => b.bytes - a.bytes),
      losses: losses.total(),
    }));
  }
}

function together(a: Passed, b: Passed): Passed {
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes, losses: joined(a.losses, b.losses, plus) };
}

/** What monitors that watched the same say of it: the one that saw the most. */
function mostOf(sayers: ReadonlyMap<string, Passed>): Passed {
  return [...sayers.values()].reduce((a, b) => (b.bytes > a.bytes ? b : a));
}

/** The hour that a sum is of lies around its middle: both ends are some moment beside the full hour. */
function hourOf(calendar: Calendar, { time, seconds }: Pick<SumEntry, 'time' | 'seconds'>): number {
  return calendar.hour(time - seconds / 2);
}

function noSums(): Sums {
  return { conversations: 0, packets: 0, bytes: 0 };
}

function addTo(sums: Sums, { conversations, packets, bytes }: ConversationEntry): void {
  sums.conversations += conversations;
  sums.packets += packets[0] + packets[1];
  sums.bytes += bytes[0] + bytes[1];
}

function byTime<T>(map: ReadonlyMap<number, T>): [number, T][] {
  return [...map].sort(([a], [b]) => a - b);
}

function busiest(hours: readonly HourRow[], limit: number): Ranking<HourRow> {
  const ordered = hours.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes || a.start - b.start);
  const rows = limit === 0 ? ordered : ordered.slice(0, limit);
  return { rows, shown: rows.length, total: hours.length, mayLack: 0 };
}
