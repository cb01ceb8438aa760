import { beforeEach, describe, expect, it } from 'vitest';
import { Bus } from '../../src/engine/bus.ts';
import { InterfaceStatistics } from '../../src/engine/interface-statistics.ts';
import { KernelComparison } from '../../src/engine/kernel-comparison.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { MonitorContext } from '../../src/engine/monitor.ts';
import { decodedBatch } from '../support/decoded.ts';
import { linkView } from '../support/links.ts';

const BEGAN = 1000;

let bus: Bus;
let now: number;
let kernelPackets: number;
let comparison: KernelComparison;
let last: readonly LinkView[] | null;
let options: { filter: object | null };

/** The kernel's counters are read once a second. */
function links(): readonly LinkView[] {
  if (last === null || now - last[0].readAt >= 1) {
    last = [linkView('eth0', { virtual: false, readAt: now }, { rxPackets: kernelPackets })];
    bus.emit('links', last);
  }
  return last;
}

beforeEach(() => {
  bus = new Bus();
  now = BEGAN;
  kernelPackets = 5000;
  last = null;
  options = { filter: null };
  const always = { source: { kind: 'live', interfaces: ['eth0'] }, rateWindow: 1, expression: null };
  const context = {
    bus,
    options: Object.assign(options, always),
    now: () => now,
    interfaces: () => [{ slot: 0, name: 'eth0', up: true }],
    links,
  } as unknown as MonitorContext;
  comparison = new KernelComparison(context, new InterfaceStatistics(bus));
  comparison.start();
  tick(0);
  tick(0.5);
  comparison.accountOf('eth0');
});

function tick(since: number): void {
  const interval = BEGAN + since - now;
  now = BEGAN + since;
  bus.emit('tick', { time: now, elapsed: since, interval });
}

/** Packets that the kernel stamped `since` seconds after the beginning, as one buffer. */
function capture(since: number, segments: number): void {
  const batch = decodedBatch([{ source: 1, destination: 2, time: BEGAN + since, segments }]);
  batch.packets.seconds[0] = Math.floor(BEGAN + since);
  batch.packets.nanoseconds[0] = ((BEGAN + since) % 1) * 1e9;
  bus.emit('batch', batch);
}

describe('the comparison with the kernel', () => {
  it('waits while packets of before the reading still come: what lies in the ring is not missed', () => {
    kernelPackets = 6000;
    tick(1);
    for (const since of [1.25, 1.5, 1.75, 2, 2.25]) {
      capture(0.4 + since / 10, 100);
      tick(since);
      expect(comparison.accountOf('eth0')?.missed).toBe(0);
    }
    capture(0.9, 500);
    capture(1.4, 77);
    expect(comparison.accountOf('eth0')).toMatchObject({
      kernel: { rxPackets: 1000 },
      captured: { inPackets: 1000 },
      missed: 0,
    });
  });

  it('tells what is missing when no more of them come', () => {
    kernelPackets = 6000;
    tick(1);
    capture(0.7, 100);
    tick(1.25);
    tick(1.5);
    tick(1.75);
    tick(2);
    tick(2.5);
    expect(comparison.accountOf('eth0')).toMatchObject({ kernel: { rxPackets: 1000 }, missed: 900 });
  });

  it('does not wait for ever where the wall clock was set back', () => {
    kernelPackets = 6000;
    tick(1);
    for (let since = 1.25; since < 14; since += 0.25) {
      capture(since - 3600, 1);
      tick(since);
    }
    expect(comparison.accountOf('eth0')?.kernel.rxPackets).toBe(1000);
  });

  it('is of now also where nobody has asked for a long time: a log asks once an hour', () => {
    for (let since = 1; since < 60; since++) tick(since);
    kernelPackets = 6000;
    capture(60.5, 900);
    for (let since = 61; since < 64; since++) tick(since);
    expect(comparison.accountOf('eth0')).toMatchObject({ kernel: { rxPackets: 1000 }, missed: 100 });
  });

  /** A second in which the kernel counts this many packets and so many of them are captured. */
  function second(counted: number, captured: number): void {
    const since = now - BEGAN;
    kernelPackets += counted;
    if (captured > 0) capture(since + 0.5, captured);
    for (let tenth = 1; tenth <= 4; tenth++) tick(since + tenth / 4);
    comparison.accountOf('eth0');
  }

  function setFilter(filter: object | null): void {
    options.filter = filter;
    bus.emit('filter');
  }

  it('takes nothing that a filter leaves out for missed, and goes on from there when it is gone', () => {
    second(1000, 900);
    second(1000, 1000);
    second(0, 0);
    expect(comparison.accountOf('eth0')?.missed).toBe(100);
    setFilter({});
    expect(comparison.isComparable).toBe(false);
    for (let n = 0; n < 5; n++) second(1000, 10);
    expect(comparison.accountOf('eth0')?.missed).toBe(100);
    setFilter(null);
    expect(comparison.isComparable).toBe(true);
    for (let n = 0; n < 5; n++) second(1000, 1000);
    expect(comparison.accountOf('eth0')).toMatchObject({ kernel: { rxPackets: 12_000 }, missed: 100 });
    second(1000, 700);
    second(0, 0);
    second(0, 0);
    expect(comparison.accountOf('eth0')?.missed).toBe(400);
  });
});
