/**
 * What the kernel counted of each interface since start or reset, beside what was captured until the same moment. A
 * baseline is taken of what the kernel had counted before; the counters of an interface that was made meanwhile begin
 * at zero, and what its predecessor of the same name had counted stays.
 *
 *   read ──► waits for a packet of after the reading's moment, or for the next reading ──► settle ──► accounts
 *
 * It has no clock: the moment of a reading is LinkView.readAt.
 */
import type { KernelCounters } from '../capture/kernel-counters.ts';
import type { LinkView } from './link-view.ts';

/** What was captured of one interface, in the unit in which the kernel counts there (LinkView.virtual). */
export interface CapturedCounts {
  inPackets: number;
  inBytes: number;
  /** null: the capture does not have this direction (loopback). */
  outPackets: number | null;
  outBytes: number | null;
}

/** One interface at the moment of the last settled reading. */
export interface KernelAccount {
  /** Since start or reset. */
  kernel: KernelCounters;
  captured: CapturedCounts;
  /**
   * Packets that the kernel counted and the capture did not get, without those that a filter left out; 0 where it is no
   * more than what is on its way.
   */
  missed: number;
}

/** Everything since its baseline. */
interface Entry {
  index: number;
  /** What present counters are compared with, and what former interfaces of this name had counted. */
  base: KernelCounters;
  carried: KernelCounters;
  last: KernelCounters;
  readAt: number;
  /** Packets that may have been on their way at the baseline; null: the first interval is not over. */
  baseInFlight: number | null;
  /** [in, out]: packets that filters left out, and those that were missing when none did at last. */
  leftOut: [number, number];
  missing: [number, number];
  account: KernelAccount;
}

const NOTHING: KernelCounters = {
  rxBytes: 0,
  rxPackets: 0,
  rxErrors: 0,
  rxDropped: 0,
  txBytes: 0,
  txPackets: 0,
  txErrors: 0,
  txDropped: 0,
};
const COUNTERS = Object.keys(NOTHING) as (keyof KernelCounters)[];

/**
 * Seconds of traffic that may be on their way when counters are read: the wall clock counts in milliseconds, and the
 * kernel counts a packet a little before or after the capture gets it.
 */
const IN_FLIGHT_SECONDS = 0.003;

export class KernelLedger {
  readonly #entries = new Map<string, Entry>();
  #awaited: readonly LinkView[] = [];
  #hasBaseline = false;
  #isFiltered = false;
  /** What is missing at the next reading, and at the one that waits, is what a filter left out. */
  #leavesOut = { next: false, awaited: false };

  /** Moment of the reading that waits, or null. */
  get awaitedTime(): number | null {
    return this.#awaited.length === 0 ? null : this.#awaited[0].readAt;
  }

  /** Counters begin at zero: the next reading is the baseline. */
  begin(): void {
    this.#entries.clear();
    this.#awaited = [];
    this.#hasBaseline = false;
  }

  /**
   * A filter decides from now on, or none does. What it leaves out is not missed, until the first reading after it is
   * gone.
   */
  setFiltered(isFiltered: boolean): void {
    this.#isFiltered = isFiltered;
    this.#leavesOut = { next: true, awaited: true };
  }

  /** A reading of all interfaces, none older than the last one. One that still waits must have been settled. */
  read(links: readonly LinkView[]): void {
    this.#awaited = links;
    this.#leavesOut = { next: false, awaited: this.#isFiltered || this.#leavesOut.next };
  }

  /** Compares the reading that waits with what had been captured of each interface at its moment. */
  settle(capturedOf: (link: LinkView) => CapturedCounts): void {
    for (const link of this.#awaited) {
      if (link.kernel !== null) this.#settleOne(link, link.kernel, capturedOf(link));
    }
    this.#hasBaseline ||= this.#awaited.length > 0;
    this.#awaited = [];
  }

  /** Of the last settled reading that had this interface; null: there was none. */
  accountOf(name: string): KernelAccount | null {
    return this.#entries.get(name)?.account ?? null;
  }

  #settleOne(link: LinkView, kernel: KernelCounters, captured: CapturedCounts): void {
    const known = this.#entries.get(link.name);
    if (known === undefined) {
      const base = this.#hasBaseline ? this.#countedBefore(link.index, kernel) : baseline(kernel, captured);
      const entry = newEntry(link, kernel, base, captured);
      if (this.#leavesOut.awaited) entry.leftOut = gapsOf(entry.account.kernel, captured);
      this.#entries.set(link.name, entry);
      return;
    }
    if (link.index !== known.index || COUNTERS.some((counter) => kernel[counter] < known.last[counter])) {
      known.carried = plus(known.carried, minus(known.last, known.base));
      known.base = NOTHING;
      known.index = link.index;
    }
    const since = plus(known.carried, minus(kernel, known.base));
    const seconds = link.readAt - known.readAt;
    const before = known.account.kernel;
    const packets = since.rxPackets + since.txPackets - before.rxPackets - before.txPackets;
    const inFlight = seconds > 0 ? (packets / seconds) * IN_FLIGHT_SECONDS : 0;
    known.baseInFlight ??= inFlight;
    known.last = kernel;
    known.readAt = link.readAt;
    this.#compare(known, since, captured, inFlight);
  }

  #compare(known: Entry, since: KernelCounters, captured: CapturedCounts, inFlight: number): void {
    const gaps = gapsOf(since, captured);
    if (this.#leavesOut.awaited) {
      known.leftOut = [gaps[0] - known.missing[0], gaps[1] - known.missing[1]];
      known.baseInFlight = Math.max(known.baseInFlight ?? 0, inFlight);
      known.account = { kernel: since, captured, missed: known.account.missed };
      return;
    }
    known.missing = [Math.max(0, gaps[0] - known.leftOut[0]), Math.max(0, gaps[1] - known.leftOut[1])];
    const gap = known.missing[0] + known.missing[1];
    const missed = gap > Math.max(1, inFlight, known.baseInFlight ?? 0) ? gap : 0;
    known.account = { kernel: since, captured, missed };
  }

  /** What an interface that appeared had counted already: under its former name, if it was renamed, else nothing. */
  #countedBefore(index: number, kernel: KernelCounters): KernelCounters {
    // 0: not known (LinkView.index).
    if (index === 0) return NOTHING;
    for (const former of this.#entries.values()) {
      if (former.index === index && COUNTERS.every((counter) => kernel[counter] >= former.last[counter])) {
        return former.last;
      }
    }
    return NOTHING;
  }
}

/** What was captured before the baseline counts as counted by the kernel, too. */
function baseline(kernel: KernelCounters, captured: CapturedCounts): KernelCounters {
  return {
    ...kernel,
    rxPackets: kernel.rxPackets - captured.inPackets,
    rxBytes: kernel.rxBytes - captured.inBytes,
    txPackets: kernel.txPackets - (captured.outPackets ?? captured.inPackets),
    txBytes: kernel.txBytes - (captured.outBytes ?? captured.inBytes),
  };
}

function newEntry(link: LinkView, kernel: KernelCounters, base: KernelCounters, captured: CapturedCounts): Entry {
  const since = minus(kernel, base);
  // Whether a gap is more than what is on its way is known with the next reading.
  const account = { kernel: since, captured, missed: 0 };
  const { index, readAt } = link;
  const none = { carried: NOTHING, baseInFlight: null, leftOut: [0, 0], missing: [0, 0] } satisfies Partial<Entry>;
  return { index, base, last: kernel, readAt, account, ...none };
}

/** Packets that the kernel has and the capture has not, [in, out]; below 0 where it is the other way round. */
function gapsOf(kernel: KernelCounters, { inPackets, outPackets }: CapturedCounts): [number, number] {
  return [kernel.rxPackets - inPackets, outPackets === null ? 0 : kernel.txPackets - outPackets];
}

function plus(a: KernelCounters, b: KernelCounters): KernelCounters {
  return combine(a, b, 1);
}

function minus(a: KernelCounters, b: KernelCounters): KernelCounters {
  return combine(a, b, -1);
}

function combine(a: KernelCounters, b: KernelCounters, sign: 1 | -1): KernelCounters {
  const result = { ...a };
  for (const counter of COUNTERS) result[counter] += sign * b[counter];
  return result;
}
