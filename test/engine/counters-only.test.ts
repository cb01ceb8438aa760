import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { DetailedExtra, DetailedRow } from '../../screens/detailed/types.ts';
import type { GeneralRow } from '../../screens/general/types.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { EngineStage } from '../support/engine-stage.ts';

const QUERY: Query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: {} };
const HISTORY = { resolution: 1, points: 3, measure: 'wireBytes' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An engine that gets counters: in the first second 10 packets in and 5 out on eth0, in the second 30 in on eth1. */
async function counted(): Promise<EngineStage> {
  const stage = new EngineStage({
    monitors: ['general', 'detailed'],
    source: { kind: 'live', interfaces: 'all', capture: 'counters', promiscuous: false },
  });
  stage.source.kind = 'counters';
  await stage.start();
  stage.source.sink?.onCounted?.([
    { slot: 0, direction: 'in', packets: 10, wireBytes: 1000 },
    { slot: 0, direction: 'out', packets: 5, wireBytes: 500 },
  ]);
  stage.wait(1);
  stage.source.sink?.onCounted?.([{ slot: 1, direction: 'in', packets: 30, wireBytes: 3000 }]);
  return stage.wait(1);
}

it('interfaces have what was counted, rates, and nothing that frames alone would tell', async () => {
  const { engine } = await counted();
  const page = engine.page('general', { ...QUERY, options: { minute: 'wire' } });
  const [eth0, eth1] = page.rows as GeneralRow[];
  expect(eth0).toMatchObject({
    total: { packets: 15, ipBytes: null, wireBytes: 1500 },
    incoming: { packets: 10, ipBytes: null, wireBytes: 1000 },
    outgoing: { packets: 5, ipBytes: null, wireBytes: 500 },
    rates: { total: { packetsPerSecond: 0, bytesPerSecond: null, wireBytesPerSecond: 0 } },
    peak: { packetsPerSecond: 15, bytesPerSecond: null, wireBytesPerSecond: 1500 },
    ...{ ipv4: null, ipv6: null, nonIp: null, malformed: null, checksumErrors: null, captured: null, missed: null },
    minute: [1500, 0],
  });
  expect(eth1.rates.incoming).toEqual({ packetsPerSecond: 30, bytesPerSecond: null, wireBytesPerSecond: 3000 });
  expect(page).toMatchObject({
    totals: { packets: 45, buffers: null, ipBytes: null, wireBytes: 4500, bytesPerSecond: null },
    capture: { source: 'counters', malformed: null },
  });
  const [ip] = engine.page('general', { ...QUERY, options: { minute: 'ip' } }).rows as GeneralRow[];
  expect(ip.minute).toEqual([]);
});

it('of classes only that of all traffic is known, with its history', async () => {
  const { engine } = await counted();
  const { rows, extra } = engine.page('detailed', { ...QUERY, options: { interface: null, history: HISTORY } });
  const [row, ...others] = rows as DetailedRow[];
  expect(others).toEqual([]);
  expect(row).toMatchObject({ class: 'total', total: { packets: 45, ipBytes: null, wireBytes: 4500 } });
  const { averages, peaks, history, ...rest } = extra as unknown as DetailedExtra;
  expect(rest).toMatchObject({ ipChecksumErrors: null, malformed: null, buffers: null });
  expect(averages).toMatchObject({ total: { wireBytesPerSecond: 2250, bytesPerSecond: null }, broadcast: null });
  expect(peaks).toMatchObject({ total: { packetsPerSecond: 30, bytesPerSecond: null }, multicast: null });
  expect([history?.incoming.slice(-2), history?.outgoing.slice(-2)]).toEqual([
    [1000, 3000],
    [500, 0],
  ]);
  const ofIp = { interface: null, history: { ...HISTORY, measure: 'ipBytes' } };
  expect(engine.page('detailed', { ...QUERY, options: ofIp }).extra.history).toBeNull();
});

it('a reset begins anew', async () => {
  const { engine } = await counted();
  engine.reset();
  const [row] = engine.page('detailed', QUERY).rows as DetailedRow[];
  expect(row).toMatchObject({ total: { packets: 0, wireBytes: 0 }, rates: { total: null } });
});
