import { describe, expect, it } from 'vitest';
import { Seconds, secondsCutOf } from '../../src/engine/seconds.ts';

const FILE = { kind: 'file', path: '' } as const;
const LIVE = { kind: 'live', interfaces: 'all', capture: 'ring', promiscuous: false } as const;

/** Seconds with what they told so far: [end, length], rounded to a millionth. */
function toldBy(source: typeof FILE | typeof LIVE, rateWindow = 1): { seconds: Seconds; told: number[][] } {
  const told: number[][] = [];
  const round = (value: number): number => Math.round(value * 1e6) / 1e6;
  const seconds = new Seconds({ rateWindow, source }, ({ time, interval }) =>
    told.push([round(time), round(interval)]),
  );
  return { seconds, told };
}

describe('a file', () => {
  it('has seconds of packet time, counted from the first packet', () => {
    const { seconds, told } = toldBy(FILE, Number.POSITIVE_INFINITY);
    seconds.begin(1000.5);
    for (const nanoseconds of [0, 5e8, 999_999_999]) seconds.follow(nanoseconds);
    expect(told).toEqual([]);
    for (const nanoseconds of [1e9, 2.5e9, 1e9, 3e9]) seconds.follow(nanoseconds);
    expect(told).toEqual([
      [1001.5, 1],
      [1002.5, 1],
      [1003.5, 1],
    ]);
  });

  it('ends with a second that is cut short, once', () => {
    const { seconds, told } = toldBy(FILE);
    seconds.begin(1000);
    seconds.follow(1.25e9);
    seconds.end(1001.25);
    seconds.end(1001.25);
    expect(told).toEqual([
      [1001, 1],
      [1001.25, 0.25],
    ]);
  });

  it('of one packet has a second without length; without a packet there is none', () => {
    const one = toldBy(FILE);
    one.seconds.begin(1000);
    one.seconds.follow(0);
    one.seconds.end(1000);
    expect(one.told).toEqual([[1000, 0]]);
    const none = toldBy(FILE);
    none.seconds.end(0);
    expect(none.told).toEqual([]);
  });

  it('tells a short silence second by second', () => {
    const { seconds, told } = toldBy(FILE);
    seconds.begin(1000);
    seconds.follow(61e9);
    expect(told).toEqual(Array.from({ length: 61 }, (_, k) => [1001 + k, 1]));
  });

  it('tells a year of silence in a few pieces, the last 40 of a second each', () => {
    const { seconds, told } = toldBy(FILE);
    seconds.begin(1000);
    const year = 31_536_000;
    seconds.follow(year * 1e9);
    expect(told).toHaveLength(61);
    expect(told[0]).toEqual([1001, 1]);
    expect(told.slice(-40)).toEqual(Array.from({ length: 40 }, (_, k) => [1000 + year - 39 + k, 1]));
    expect(told.reduce((sum, [, interval]) => sum + interval, 0)).toBe(year);
  });

  // Half a window, two, a fraction that is no binary one, more than one window in a second.
  it.each([2.5, 2, 3.3, 0.7, 0.3, 0.1])('ends seconds with its rate windows of %s s', (rateWindow) => {
    const { seconds, told } = toldBy(FILE, rateWindow);
    seconds.begin(0);
    const perSecond = Math.max(1, Math.ceil(1 / rateWindow));
    for (let window = 1; window <= 30 * perSecond; window++) {
      seconds.followWindow(window * rateWindow);
      const end = told.at(-1)?.[0] ?? 0;
      const whole = Math.floor(window / perSecond) * perSecond;
      expect(end).toBeCloseTo(whole * rateWindow, 6);
    }
    for (const [, interval] of told) expect(interval).toBeGreaterThanOrEqual(1);
    for (const [, interval] of told) expect(interval).toBeLessThan(2);
    const parts = rateWindow / secondsCutOf(rateWindow);
    expect(parts).toBeCloseTo(Math.round(parts), 9);
  });
});

describe('live', () => {
  /** Ticks at these moments after 1000; `windows` are those that end a rate window. */
  function tick(seconds: Seconds, moments: readonly number[], windows: readonly number[] = []): void {
    for (const moment of moments) {
      seconds.onTick({ time: 1000 + moment, elapsed: moment, interval: 0 }, windows.includes(moment));
    }
  }

  it('ends a second with the first tick that makes it long enough', () => {
    const { seconds, told } = toldBy(LIVE, 60);
    tick(seconds, [0.25, 0.5, 0.75, 0.999, 1.25, 1.5, 1.75, 2.3, 2.5, 3.2]);
    expect(told).toEqual([
      [1000.999, 0.999],
      [1002.3, 1.301],
      [1003.2, 0.9],
    ]);
  });

  it('is cut by a rate window, so that what is printed is whole', () => {
    const { seconds, told } = toldBy(LIVE, 2);
    tick(seconds, [1.5, 2, 3, 4], [2, 4]);
    expect(told).toEqual([
      [1001.5, 1.5],
      [1002, 0.5],
      [1003, 1],
      [1004, 1],
    ]);
  });

  it('is not cut by windows that are shorter than itself', () => {
    const { seconds, told } = toldBy(LIVE, 0.3);
    tick(seconds, [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2], [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]);
    expect(told).toEqual([
      [1001, 1],
      [1002, 1],
    ]);
  });

  it('moves with the wall clock and begins anew at a reset', () => {
    const { seconds, told } = toldBy(LIVE);
    tick(seconds, [0.25, 0.5]);
    seconds.move(3600);
    tick(seconds, [3601]);
    seconds.reset(1000 + 3601.5);
    tick(seconds, [3602, 3602.5]);
    expect(told).toEqual([
      [4601, 1],
      [4602.5, 1],
    ]);
  });

  it('lasts from packet to packet while traffic flows, also where a stall delayed both', () => {
    const { seconds, told } = toldBy(LIVE, 60);
    const tickAt = (moment: number, interval = 0.25): void =>
      seconds.onTick({ time: 1000 + moment, elapsed: moment, interval }, false);
    tickAt(0.25);
    seconds.notePacket(1000.95);
    tickAt(1);
    seconds.notePacket(1001.99);
    tickAt(2);
    // The loop stood still for a second: what came in that time was not read yet.
    seconds.notePacket(1002.5);
    tickAt(3.5, 1.25);
    // Nothing came since: it is the silence that has lasted.
    tickAt(4.5);
    expect(told).toEqual([
      [1001, 0.95],
      [1002, 1.04],
      [1003.5, 0.51],
      [1004.5, 2],
    ]);
  });

  it('lasts until the last packet also where the stall began right after the tick before', () => {
    const { seconds, told } = toldBy(LIVE, 60);
    const tickAt = (moment: number, interval = 0.25): void =>
      seconds.onTick({ time: 1000 + moment, elapsed: moment, interval }, false);
    tickAt(0.25);
    seconds.notePacket(1000.99);
    tickAt(1);
    tickAt(1.25);
    // 3.4 s of what follows wait in the ring.
    seconds.notePacket(1001.23);
    tickAt(4.65, 3.4);
    seconds.notePacket(1005.64);
    tickAt(5.65);
    expect(told).toEqual([
      [1001, 0.99],
      [1004.65, 0.24],
      [1005.65, 4.41],
    ]);
  });

  it('goes by the clock where packets are stamped by another one', () => {
    const { seconds, told } = toldBy(LIVE, 60);
    seconds.notePacket(1005);
    tick(seconds, [1]);
    seconds.notePacket(990);
    tick(seconds, [2]);
    expect(told).toEqual([
      [1001, 1],
      [1002, 1],
    ]);
  });

  it('ends with the capture', () => {
    const { seconds, told } = toldBy(LIVE);
    tick(seconds, [1, 1.25]);
    seconds.end(1001.25);
    tick(seconds, [3]);
    seconds.end(1003);
    expect(told).toEqual([
      [1001, 1],
      [1001.25, 0.25],
    ]);
  });
});
