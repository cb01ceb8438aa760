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
  const context = {
    bus,
    options: { source: { kind: 'live', interfaces: ['eth0'] }, rateWindow: 1 },
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
});
