/**
 * One rule over time: which subjects are above the limit, since when, and what is told of it.
 *
 *   above ──► pending ── for as long as the rule says ──► active ── not above for as long ──► over
 *                └──── not above once ──► forgotten         (told: started)                (told: ended)
 *
 * An alert is over when its value was not above the limit for as long as it had to be above it, at least SETTLE_SECONDS:
 * a value that swings about the limit is one alert. At most MOST_ACTIVE subjects of a rule are told of at a time; how
 * many more there are is said. Time is what the caller says it is: that of packets in a file. Pure.
 */
import type { AlertChange, AlertFact, AlertNotice, AlertRule, AlertUnit } from './alert.ts';

export const SETTLE_SECONDS = 5;
/** Subjects of one rule that may be active at a time. */
export const MOST_ACTIVE = 100;
/** Subjects of one rule that are followed at a time, those that have not been above for long enough among them. */
export const MOST_FOLLOWED = 4096;
/** Windows are closed by a timer: they are a little shorter or longer than they should be. */
const TOLERANCE_SECONDS = 0.125;

interface Followed {
  /** Begin of the first window of those that were above without a break. */
  aboveSince: number;
  /** End of the last window that was above. */
  lastAbove: number;
  largest: number;
  /** When it was told; null: not yet. */
  startedAt: number | null;
  /** It has been above for long enough, but there is no room among the active. */
  isUntold: boolean;
}

export class Judgement {
  readonly rule: AlertRule;
  readonly #settle: number;
  readonly #followed = new Map<string, Followed>();
  #active = 0;
  readonly #untold = new GrowingCount();
  readonly #unfollowed = new GrowingCount();

  constructor(rule: AlertRule) {
    this.rule = rule;
    this.#settle = Math.max(rule.sustained, SETTLE_SECONDS);
  }

  /** Subjects that are active. */
  get active(): number {
    return this.#active;
  }

  /** Nothing is above, and nothing was lately. */
  get isQuiet(): boolean {
    return this.#followed.size === 0;
  }

  /**
   * A window of `seconds` ended at `time`: `above` has the value of every subject that is above the limit in it; all
   * others are not. Returns what is to be told.
   */
  judge(time: number, seconds: number, above: ReadonlyMap<string, number>): AlertFact[] {
    const facts: AlertFact[] = [];
    for (const [subject, followed] of this.#followed) {
      if (!above.has(subject)) this.#below(subject, followed, time, facts);
    }
    let unfollowed = 0;
    for (const [subject, value] of largestFirst(above)) {
      const followed = this.#follow(subject, time - seconds);
      if (followed === null) unfollowed++;
      else this.#above(subject, followed, value, time, facts);
    }
    this.#tellMore(time, unfollowed, facts);
    return facts;
  }

  /** The clock was set by so many seconds. */
  move(by: number): void {
    for (const followed of this.#followed.values()) {
      followed.aboveSince += by;
      followed.lastAbove += by;
      if (followed.startedAt !== null) followed.startedAt += by;
    }
  }

  /** What is active ends, although nobody saw it go down. */
  endAll(time: number): AlertChange[] {
    const ended: AlertChange[] = [];
    for (const [subject, followed] of this.#followed) {
      const end = this.#end(subject, followed, time);
      if (end !== null) ended.push({ ...end, cut: 'capture-ended' });
    }
    this.#followed.clear();
    return ended;
  }

  #follow(subject: string, since: number): Followed | null {
    const known = this.#followed.get(subject);
    if (known !== undefined) return known;
    if (this.#followed.size >= MOST_FOLLOWED) return null;
    const followed: Followed = { aboveSince: since, lastAbove: since, largest: 0, startedAt: null, isUntold: false };
    this.#followed.set(subject, followed);
    return followed;
  }

  #above(subject: string, followed: Followed, value: number, time: number, facts: AlertFact[]): void {
    followed.lastAbove = time;
    followed.largest = Math.max(followed.largest, value);
    if (followed.startedAt !== null) return;
    if (time - followed.aboveSince + TOLERANCE_SECONDS < this.rule.sustained) return;
    followed.isUntold = this.#active >= MOST_ACTIVE;
    if (followed.isUntold) return;
    followed.startedAt = time;
    this.#active++;
    facts.push(this.#change('started', subject, time, time, value));
  }

  #below(subject: string, followed: Followed, time: number, facts: AlertFact[]): void {
    if (followed.startedAt !== null) {
      const over = followed.lastAbove + this.#settle;
      if (time + TOLERANCE_SECONDS < over) return;
      const end = this.#end(subject, followed, Math.min(time, over));
      if (end !== null) facts.push(end);
    }
    this.#followed.delete(subject);
  }

  #end(subject: string, { startedAt, largest }: Followed, time: number): AlertChange | null {
    if (startedAt === null) return null;
    this.#active--;
    return this.#change('ended', subject, time, startedAt, largest);
  }

  #tellMore(time: number, unfollowed: number, facts: AlertFact[]): void {
    let untold = 0;
    for (const { isUntold, startedAt } of this.#followed.values()) if (isUntold && startedAt === null) untold++;
    if (this.#untold.hasGrown(untold)) {
      facts.push(this.notice(time, `${untold} more are above the limit; only ${MOST_ACTIVE} at a time are told of`));
    }
    if (this.#unfollowed.hasGrown(unfollowed)) {
      facts.push(this.notice(time, `${unfollowed} are above the limit beside ${MOST_FOLLOWED} that are watched`));
    }
  }

  notice(time: number, text: string): AlertNotice {
    return { type: 'alert', state: 'notice', time, alert: this.rule.text, text };
  }

  #change(state: AlertChange['state'], subject: string, time: number, since: number, value: number): AlertChange {
    const { text, measure, limit } = this.rule;
    return { type: 'alert', state, time, since, alert: text, measure, subject, value, limit, unit: unitOf(this.rule) };
  }
}

/** Where not all can be told of, those are that matter most. */
function largestFirst(above: ReadonlyMap<string, number>): Iterable<[string, number]> {
  // So many that sorting them would keep packets waiting.
  if (above.size <= MOST_ACTIVE || above.size > MOST_FOLLOWED) return above;
  return [...above].sort(([, one], [, other]) => other - one);
}

/** A count that is told when it is no longer 0, and again whenever it has doubled. */
export class GrowingCount {
  #told = 0;

  hasGrown(count: number): boolean {
    if (count === 0) this.#told = 0;
    if (count === 0 || count < 2 * this.#told) return false;
    this.#told = count;
    return true;
  }
}

/** What the values of a rule are counted in. */
export function unitOf({ measure, kind }: AlertRule): AlertUnit {
  if (kind === 'share') return 'share';
  if (measure === 'new-connections') return kind === 'rate' ? 'connectionsPerSecond' : 'connections';
  const countsBytes = measure === 'host' || measure === 'interface' || measure === 'bytes';
  if (kind === 'rate') return countsBytes ? 'bytesPerSecond' : 'packetsPerSecond';
  return countsBytes ? 'bytes' : 'packets';
}
