import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEASURE, type Measure, POINTS, RateHistory, RESOLUTIONS } from '../../src/tables/rate-history.ts';
import { TrafficClasses } from '../../src/tables/traffic-classes.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { decodedBatch } from '../support/decoded.ts';

const { host, outgoing, unknown } = PACKET_TYPE;

/** Seconds since 1970 at which every test begins: not a whole one. */
const BEGIN = 1_700_000_000.75;

interface Packet {
  /** Seconds after BEGIN. */
  at: number;
  slot?: number;
  packetType?: number;
  ipBytes?: number;
  segments?: number;
  selected?: number;
}

class Stage {
  readonly classes = new TrafficClasses();
  readonly history: RateHistory;
  now = BEGIN;
  #clock = 0;

  constructor(live = false) {
    this.history = new RateHistory(this.classes, live);
  }

  pass(...packets: Packet[]): this {
    const batch = decodedBatch(
      packets.map(({ slot = 0, ipBytes = 100, segments = 1, selected = 1 }) => {
        return { source: 1, destination: 2, slot, ipBytes, wireBytes: ipBytes + 14 * segments, segments, selected };
      }),
    );
    for (const [i, { at, packetType = host }] of packets.entries()) {
      const time = BEGIN + at;
      batch.packets.seconds[i] = Math.floor(time);
      batch.packets.nanoseconds[i] = Math.round((time - Math.floor(time)) * 1e9);
      batch.packets.packetType[i] = packetType;
      this.now = Math.max(this.now, time);
    }
    this.classes.add(batch);
    this.history.onBatch(batch);
    return this;
  }

  /** The clock goes on to this many seconds after BEGIN, four ticks a second. */
  tickTo(at: number): this {
    for (; this.#clock <= at; this.#clock += 0.25) this.history.onTick(BEGIN + this.#clock, this.#clock);
    this.now = BEGIN + this.#clock - 0.25;
    return this;
  }

  packets(resolution: (typeof RESOLUTIONS)[number] = 1, slots: number[] | null = null, count = 8): (number | null)[] {
    return this.history.series(slots, resolution, 'packets', count, this.now).incoming;
  }
}

describe('the history of a file', () => {
  it('counts each second from the first packet on, silence between as 0, nothing before', () => {
    const stage = new Stage().pass({ at: 0 }, { at: 0.9 }, { at: 1 }, { at: 3.999 });
    expect(stage.packets()).toEqual([null, null, null, null, 2, 1, 0, 1]);
  });

  it('keeps directions, measures and interfaces apart, and their sum', () => {
    const stage = new Stage().pass(
      { at: 0, slot: 1, segments: 3, ipBytes: 3000 },
      { at: 0.5, slot: 2, packetType: outgoing, ipBytes: 60 },
      { at: 0.6, slot: 2, packetType: unknown, ipBytes: 70 },
      { at: 0.7, slot: 2, selected: 0 },
    );
    const series = (slots: number[] | null, measure: Measure): unknown[] => {
      const { incoming, outgoing: out, unknown: neither } = stage.history.series(slots, 1, measure, 1, stage.now);
      return [incoming[0], out[0], neither[0]];
    };
    expect(series([1], 'packets')).toEqual([3, 0, 0]);
    expect(series([2], 'packets')).toEqual([0, 1, 1]);
    expect(series(null, 'ipBytes')).toEqual([3000, 60, 70]);
    expect(series([1, 2], 'wireBytes')).toEqual([3042, 74, 84]);
    expect(series([7], 'packets')).toEqual([0, 0, 0]);
  });

  it('divides what is not over yet by the time that has passed of it', () => {
    const stage = new Stage().pass({ at: 0 }, { at: 10 }, { at: 11 }, { at: 12 }, { at: 13 }, { at: 14 });
    expect(stage.packets(10, null, 2)).toEqual([0.1, 5 / 4]);
    expect(stage.packets(60, null, 1)).toEqual([6 / 14]);
  });

  it('forgets what a silence of years moved out of sight, and goes on', () => {
    const stage = new Stage().pass({ at: 0 }, { at: 1e9 }).pass({ at: 1e9 + 1 }, { at: 5 });
    expect(stage.packets(1, null, 3)).toEqual([0, 1, 1]);
    expect(stage.packets(60, null, POINTS).filter((rate) => rate !== 0)).toHaveLength(1);
  });

  it('does not count packets from before the first one where they were not', () => {
    const stage = new Stage().pass({ at: 0 }).pass({ at: -0.5 }, { at: -30 }, { at: 0.2 });
    expect(stage.packets(1, null, 2)).toEqual([null, 3]);
  });
});

describe('the history of a live capture', () => {
  it('ends with the last second that is over; seconds without packets are 0', () => {
    const stage = new Stage(true).tickTo(0.25);
    expect(stage.packets(1, null, 2)).toEqual([null, null]);
    stage.pass({ at: 0.3 }, { at: 0.4 });
    expect(stage.tickTo(0.75).packets(1, null, 2)).toEqual([null, null]);
    expect(stage.tickTo(1).packets(1, null, 3)).toEqual([null, null, 2]);
    expect(stage.tickTo(4.5).packets(1, null, 3)).toEqual([0, 0, 0]);
    expect(stage.packets(1, null, 4)).toEqual([2, 0, 0, 0]);
  });

  it('shows a longer step from its second second on, never a ramp', () => {
    const stage = new Stage(true).tickTo(0.25);
    for (let quarter = 1; quarter <= 16; quarter++) {
      stage.pass({ at: quarter / 4 - 0.1 }, { at: quarter / 4 - 0.05 }).tickTo(quarter / 4);
      const rate = quarter < 4 ? null : 8;
      expect([stage.packets(60, null, 1), stage.packets(10, null, 1)]).toEqual([[rate], [rate]]);
    }
  });

  it('puts packets that come after the tick into their own second', () => {
    const stage = new Stage(true).tickTo(2);
    stage.pass({ at: 1.98 }, { at: 2.01 });
    expect(stage.tickTo(3).packets(1, null, 2)).toEqual([1, 1]);
  });

  it('takes the clock for packets that a stepped wall clock stamped', () => {
    const stage = new Stage(true).tickTo(5);
    stage.pass({ at: 3605 }).pass({ at: -7000 });
    stage.now = BEGIN + 5;
    expect(stage.tickTo(6.5).packets(1, null, 3)).toEqual([0, 0, 2]);
  });

  it('begins again at the reset', () => {
    const stage = new Stage(true).tickTo(1).pass({ at: 1.1 }).tickTo(9);
    stage.classes.reset();
    stage.history.reset();
    stage.history.onTick(BEGIN + 9.25, 0.25);
    stage.pass({ at: 9.3 }).now = BEGIN + 10.25;
    stage.history.onTick(BEGIN + 10.25, 1.25);
    expect(stage.packets(1, null, 3)).toEqual([null, null, 1]);
    expect(stage.history.peaksOf(null).total.packets).toBe(1);
  });
});

describe('peaks', () => {
  it('are those of the fullest second, each direction and measure for itself', () => {
    const stage = new Stage().pass(
      { at: 0, ipBytes: 1500 },
      { at: 1, packetType: outgoing, ipBytes: 60, slot: 1 },
      { at: 1.1, packetType: outgoing, ipBytes: 60, slot: 1 },
      { at: 1.2, ipBytes: 10 },
      { at: 700, ipBytes: 1 },
    );
    const counts = (packets: number, ipBytes: number): object => ({
      packets,
      ipBytes,
      wireBytes: ipBytes + 14 * packets,
    });
    expect(stage.history.peaksOf(null)).toEqual({
      total: { packets: 3, ipBytes: 1500, wireBytes: 1514 },
      incoming: { packets: 1, ipBytes: 1500, wireBytes: 1514 },
      outgoing: counts(2, 120),
    });
    expect(stage.history.peaksOf(1).total).toEqual(counts(2, 120));
    expect(stage.history.peaksOf(0).outgoing.packets).toBe(0);
    expect(stage.history.peaksOf(9).total.packets).toBe(0);
  });
});

it('has histories of 256 interfaces; the sum has all', () => {
  const stage = new Stage();
  for (let slot = 0; slot < 300; slot++) stage.pass({ at: 1 + slot / 1000, slot });
  expect([stage.history.has(0), stage.history.has(255), stage.history.has(256), stage.history.has(299)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(stage.packets(1, null, 1)).toEqual([300]);
  expect(stage.packets(1, [255], 1)).toEqual([1]);
});

// --- against the obvious way -----------------------------------------------------------------------------------------

const packet = fc.record({
  slot: fc.constantFrom(0, 1, 5),
  packetType: fc.constantFrom(host, PACKET_TYPE.otherHost, PACKET_TYPE.broadcast, outgoing, unknown),
  ipBytes: fc.integer({ min: 20, max: 65_000 }),
  segments: fc.integer({ min: 1, max: 45 }),
  selected: fc.constantFrom(1, 1, 1, 0),
  /** Milliseconds since the packet before; the batch may begin late. */
  gap: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 90_000 })),
});
const batches = fc.array(
  fc.record({ late: fc.integer({ min: 0, max: 4000 }), packets: fc.array(packet, { maxLength: 20 }) }),
  {
    maxLength: 8,
  },
);

const DIRECTIONS = ['incoming', 'outgoing', 'unknown'] as const;

function directionOf(packetType: number): (typeof DIRECTIONS)[number] {
  if (packetType === outgoing) return 'outgoing';
  return packetType === unknown ? 'unknown' : 'incoming';
}

describe('on random traffic', () => {
  it('equals a list of packets that is summed up for every point', () => {
    fc.assert(
      fc.property(batches, (drawn) => {
        const stage = new Stage();
        const all: (Required<Packet> & { milliseconds: number })[] = [];
        let newest = 0;
        stage.pass({ at: 0, selected: 0 });
        for (const { late, packets } of drawn) {
          let milliseconds = Math.max(0, newest - late);
          const passed = packets.map(({ gap, ...each }) => {
            milliseconds += gap;
            return { ...each, milliseconds, at: milliseconds / 1000 };
          });
          newest = Math.max(newest, milliseconds);
          if (passed.length === 0) continue;
          stage.pass(...passed);
          all.push(...passed.filter(({ selected }) => selected === 1));
        }
        const elapsed = newest / 1000;
        for (const resolution of RESOLUTIONS) {
          const last = Math.floor(elapsed / resolution);
          for (const slots of [null, [0], [1, 5]]) {
            const kept = all.filter(({ slot }) => slots === null || slots.includes(slot));
            for (const measure of Object.keys(MEASURE) as Measure[]) {
              const series = stage.history.series(slots, resolution, measure, POINTS - 1, stage.now);
              for (const direction of DIRECTIONS) {
                const sums = new Map<number, number>();
                for (const each of kept.filter(({ packetType }) => directionOf(packetType) === direction)) {
                  const number = Math.floor(each.milliseconds / 1000 / resolution);
                  const wire = each.ipBytes + 14 * each.segments;
                  const value = { packets: each.segments, ipBytes: each.ipBytes, wireBytes: wire }[measure];
                  sums.set(number, (sums.get(number) ?? 0) + value);
                }
                const expected = series[direction].map((_, i) => {
                  const number = last - series[direction].length + 1 + i;
                  if (number < 0) return null;
                  const seconds = number === last ? Math.max(1, elapsed - number * resolution) : resolution;
                  return (sums.get(number) ?? 0) / seconds;
                });
                const worst = expected.reduce((most: number, rate, i) => {
                  const found = series[direction][i];
                  if (rate === null || found === null) return rate === found ? most : Number.POSITIVE_INFINITY;
                  return Math.max(most, Math.abs(found - rate) / Math.max(1, rate));
                }, 0);
                expect(worst).toBeLessThan(1e-6);
              }
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
