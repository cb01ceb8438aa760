/**
 * The seconds of the engine's time, for whoever counts by them: alerts, averages of host pairs. They are their own:
 * --every says how often is printed, not how finely is averaged or judged. Where a rate window is not of whole seconds,
 * a second is a part of it or a few of them, so that both end together: then what is printed is whole.
 *
 * Live a second ends with the first tick that makes it long enough, and a shorter one with a rate window whose tick came
 * before (ticks are late on a busy machine) and with the capture. In a file it is one of packet time, counted from the
 * first packet (the source cuts its batches there, secondsCutOf). Seconds and windows come in the order of their ends, a
 * second before the window that ends with it.
 *
 * Live, packets come some hundredths of a second after they were on the wire, now more, now less: an average over two
 * seconds would waver by percents. So a second is said to have lasted from the last packet that was counted before it to
 * the last one in it, unless traffic ceased.
 */
import type { Second, Tick } from './bus.ts';
import type { EngineOptions } from './messages.ts';

const NOMINAL_SECONDS = 1;
/** Half a tick: live seconds stay at their nominal length. */
const EARLY_SECONDS = 0.125;
/**
 * A silence of a file is told in so many pieces at most, the last of them of one second each: who averages over some
 * seconds before now (host pairs: 40) finds seconds there, and none that lasted for a year.
 */
const MOST_SILENT = 60;
const LAST_SILENT = 40;
/** A block of the ring, which the kernel keeps until it is full or 36 ms old, is here by then (packet-socket.ts). */
const LATEST_SECONDS = 0.08;
/** Between ticks; what is more was a stall, for which packets were kept waiting as well. */
const TICK_SECONDS = 0.25;
/** Windows end at whole multiples, but for the rounding of what is no binary fraction. */
const ROUNDING = 1e-6;

/** Nominal length of a second. */
function secondOf(rateWindow: number): number {
  if (!Number.isFinite(rateWindow)) return NOMINAL_SECONDS;
  const parts = Math.floor(rateWindow / NOMINAL_SECONDS);
  return parts >= 1 ? rateWindow / parts : rateWindow * Math.ceil(NOMINAL_SECONDS / rateWindow);
}

/** Seconds at whose multiples a file's batches are to be cut, so that rate windows and seconds are exact. */
export function secondsCutOf(rateWindow: number): number {
  return Math.min(rateWindow, secondOf(rateWindow));
}

export class Seconds {
  readonly #emit: (second: Omit<Second, 'elapsed'>) => void;
  readonly #step: number;
  readonly #isFile: boolean;
  /** No rate window is shorter than a second. */
  readonly #endsWithWindows: boolean;
  /** Where the open second began; null: nothing has come yet. */
  #began: number | null = null;
  /** Live: where what has been counted ends; the last packet's time. */
  #counted = 0;
  #lastPacket = Number.NEGATIVE_INFINITY;
  /** Files: number of the open second, and the time of the first packet. */
  #index = 0;
  #origin = 0;
  #isOver = false;

  constructor(
    { rateWindow, source }: Pick<EngineOptions, 'rateWindow' | 'source'>,
    emit: (second: Omit<Second, 'elapsed'>) => void,
  ) {
    this.#isFile = source.kind === 'file';
    this.#endsWithWindows = rateWindow >= NOMINAL_SECONDS;
    this.#step = this.#isFile || this.#endsWithWindows ? secondOf(rateWindow) : NOMINAL_SECONDS;
    this.#emit = emit;
  }

  /** Live: a packet of this time (the wall clock's) was counted. */
  notePacket(time: number): void {
    this.#lastPacket = time;
  }

  /** Live. `endsWindow`: a rate window ends with this tick. */
  onTick({ time, elapsed, interval }: Tick, endsWindow: boolean): void {
    if (this.#isOver) return;
    // What was counted before the first tick is of the first second.
    if (this.#began === null) {
      this.#began = time - elapsed;
      this.#counted = this.#began;
    }
    const lasted = time - this.#began;
    const isCut = endsWindow && this.#endsWithWindows && lasted > 0;
    if (isCut || lasted >= this.#step - EARLY_SECONDS) this.#closeLive(time, interval);
  }

  /** Files: the first packet of all. */
  begin(time: number): void {
    this.#origin = time;
    this.#began = time;
  }

  /** Files: what comes next lies so many nanoseconds behind the first packet. */
  follow(sinceFirst: number): void {
    this.#closeUpTo(Math.floor(sinceFirst / (this.#step * 1e9)));
  }

  /** Files: a rate window ends so many seconds behind the first packet. */
  followWindow(sinceFirst: number): void {
    this.#closeUpTo(Math.floor(sinceFirst / this.#step + ROUNDING));
  }

  /**
   * No more packets come. The last second is nearly always cut short. It is told as what it was: a second that lasted
   * less. So every packet is in the averages at the end; those are over the last 2, 10 and 40 seconds, of which the
   * newest is the cut-short one, and are divided by what these lasted: traffic that flows evenly shows its true rate,
   * whenever the capture ends. Idempotent.
   */
  end(time: number): void {
    if (this.#isOver) return;
    if (this.#began !== null) {
      if (this.#isFile) this.#close(time);
      else if (time > this.#began) this.#closeLive(time, 0);
    }
    this.#isOver = true;
  }

  /** The wall clock was set. */
  move(by: number): void {
    if (this.#began === null) return;
    this.#began += by;
    this.#counted += by;
  }

  /** Counters begin anew: so does the open second. */
  reset(now: number): void {
    if (this.#began === null) return;
    this.#began = now;
    this.#counted = now;
  }

  #closeLive(time: number, sinceTick: number): void {
    const behind = time - this.#lastPacket;
    // A stall may have begun right after the tick before.
    const late = sinceTick - TICK_SECONDS;
    const waited = late > LATEST_SECONDS ? sinceTick : Math.max(0, late);
    const isFlowing = behind >= 0 && behind <= LATEST_SECONDS + waited;
    const end = isFlowing && this.#lastPacket > this.#counted ? this.#lastPacket : time;
    const interval = end - this.#counted;
    this.#began = time;
    this.#counted = end;
    this.#emit({ time, interval, counted: end });
  }

  #closeUpTo(index: number): void {
    if (index <= this.#index) return;
    this.#close(this.#endOf(this.#index));
    const silent = index - this.#index - 1;
    const last = Math.min(silent, LAST_SILENT);
    const pieces = Math.min(silent - last, MOST_SILENT - LAST_SILENT);
    const first = this.#index;
    for (let k = 1; k <= pieces; k++) this.#close(this.#endOf(first + Math.round(((silent - last) * k) / pieces)));
    for (let k = last - 1; k >= 0; k--) this.#close(this.#endOf(index - 1 - k));
    this.#index = index;
  }

  #endOf(index: number): number {
    return this.#origin + (index + 1) * this.#step;
  }

  #close(time: number): void {
    const interval = Math.max(0, time - (this.#began ?? time));
    this.#began = time;
    this.#emit({ time, interval, counted: time });
  }
}
