import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { CaptureSource } from '../../src/capture/capture-source.ts';
import { createLocalEngine } from '../../src/engine/local-engine.ts';
import type { EngineOptions, Snapshot } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { ethernet, filler, ipv4, type TestPacket, udp, writePcap } from '../support/packets.ts';

const ALL: Query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: { panel: 'all' } };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-engine-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A UDP packet of 100 IP bytes from 10.0.0.1 to 10.0.0.2 at `seconds`. */
function packetAt(seconds: number, sourcePort = 1000): TestPacket {
  const datagram = udp(sourcePort, 53, filler(72));
  const packet = ipv4({ source: '10.0.0.1', destination: '10.0.0.2', protocol: IP_PROTOCOL.udp }, datagram);
  const whole = Math.floor(seconds);
  return { bytes: ethernet(ETHERTYPE.ipv4, packet), seconds: whole, nanoseconds: Math.round((seconds - whole) * 1e9) };
}

function options(path: string, rateWindow: number): EngineOptions {
  return {
    source: { kind: 'file', path },
    monitors: ['ip-traffic'],
    snaplen: 256,
    expression: null,
    filter: null,
    writePath: null,
    rateWindow,
    maximumConversations: 10_000,
    decapsulate: false,
    tcpTimeout: 900,
    keepsPackets: false,
    closedPersistence: null,
  };
}

/** All snapshots of a file, as a pipe would get them. */
async function snapshotsOf(packets: TestPacket[], rateWindow: number): Promise<Snapshot<IpTrafficRow>[]> {
  const path = join(folder, `${Math.random()}.pcap`);
  writePcap(path, LINKTYPE.ethernet, packets);
  const engine = createLocalEngine();
  const snapshots: Snapshot<IpTrafficRow>[] = [];
  let current: Snapshot<IpTrafficRow> | null = null;
  await engine.watch('ip-traffic', ALL, {
    head: (head) => {
      current = head as Snapshot<IpTrafficRow>;
    },
    rows: (rows) => {
      current?.rows.push(...(rows as IpTrafficRow[]));
    },
    end: () => {
      if (current !== null) snapshots.push(current);
    },
  });
  const ended = new Promise<void>((resolve) => engine.onEnd(resolve));
  await engine.start(options(path, rateWindow));
  await ended;
  await engine.stop();
  return snapshots;
}

describe('Engine on a file', () => {
  it('gives one snapshot at the end whose rates are averages over the file', async () => {
    const snapshots = await snapshotsOf([packetAt(100), packetAt(102), packetAt(104)], Number.POSITIVE_INFINITY);
    expect(snapshots).toHaveLength(1);
    expect(snapshots[0].time).toBe(104);
    expect(snapshots[0].elapsedSeconds).toBe(4);
    expect(snapshots[0].totals).toMatchObject({ packets: 3, ipBytes: 300, bytesPerSecond: 75 });
    expect(snapshots[0].rows).toHaveLength(1);
    expect(snapshots[0].rows[0].bytesPerSecond).toEqual([75, 0]);
  });

  it('closes windows exactly at multiples of the window after the first packet', async () => {
    const times = [100, 100.5, 100.999999999, 101, 101.5, 102, 102.25];
    const snapshots = await snapshotsOf(
      times.map((time) => packetAt(time)),
      1,
    );
    expect(snapshots.map(({ time, totals }) => [time, totals.packets])).toEqual([
      [101, 3],
      [102, 5],
      [102.25, 7],
    ]);
    expect(snapshots.map(({ totals }) => totals.bytesPerSecond)).toEqual([300, 200, 800]);
  });

  it('closes one empty window of a long silence, not a million', async () => {
    const snapshots = await snapshotsOf([packetAt(100), packetAt(100.5), packetAt(1_000_000.25)], 1);
    expect(snapshots.map(({ time, totals }) => [time, totals.bytesPerSecond])).toEqual([
      [101, 200],
      [102, 0],
      [1_000_000.25, 400],
    ]);
  });

  it('has no rate where no time passed', async () => {
    const [snapshot] = await snapshotsOf([packetAt(100), packetAt(100)], Number.POSITIVE_INFINITY);
    expect(snapshot.totals).toMatchObject({ packets: 2, bytesPerSecond: null, packetsPerSecond: null });
    expect(snapshot.rows[0]).toMatchObject({ bytesPerSecond: [null, null], wireBytesPerSecond: [null, null] });
  });

  it('hands out rows that add up to the totals, also in many slices', async () => {
    const packets = Array.from({ length: 7000 }, (_, k) => packetAt(100 + k / 1000, 1 + k));
    const [snapshot] = await snapshotsOf(packets, Number.POSITIVE_INFINITY);
    expect(snapshot.rowsTotal).toBe(7000);
    expect(snapshot.rows).toHaveLength(7000);
    const sum = snapshot.rows.reduce((bytes, row) => bytes + row.ipBytes[0] + row.ipBytes[1], 0);
    expect(sum).toBe(snapshot.totals.ipBytes);
    expect(sum).toBe(700_000);
  });

  it('keeps totals whole when the table is at its cap', async () => {
    const path = join(folder, 'many.pcap');
    writePcap(
      path,
      LINKTYPE.ethernet,
      Array.from({ length: 5000 }, (_, k) => packetAt(100 + k / 1000, 1 + k)),
    );
    const engine = createLocalEngine();
    const ended = new Promise<void>((resolve) => engine.onEnd(resolve));
    await engine.start({ ...options(path, Number.POSITIVE_INFINITY), maximumConversations: 1024 });
    await ended;
    const snapshot = (await engine.page('ip-traffic', ALL)) as Snapshot<IpTrafficRow>;
    const rows = snapshot.rows.reduce((packets, row) => packets + row.packets[0] + row.packets[1], 0);
    expect(snapshot.rowsTotal).toBeLessThanOrEqual(1024);
    expect(snapshot.evicted.conversations).toBe(5000 - snapshot.rowsTotal);
    expect(rows + snapshot.evicted.packets).toBe(5000);
    await engine.stop();
  });

  it('counts from zero again after a reset', async () => {
    const path = join(folder, 'reset.pcap');
    writePcap(path, LINKTYPE.ethernet, [packetAt(100), packetAt(101)]);
    const engine = createLocalEngine();
    const ended = new Promise<void>((resolve) => engine.onEnd(resolve));
    await engine.start(options(path, Number.POSITIVE_INFINITY));
    await ended;
    await engine.reset();
    const snapshot = await engine.page('ip-traffic', ALL);
    expect(snapshot.rows).toEqual([]);
    expect(snapshot.totals).toMatchObject({ packets: 0, packetsPerSecond: null, wireBytesPerSecond: null });
    expect(snapshot.capture.received).toBe(0);
    await engine.stop();
  });

  it('names an interface that was down from the start, though no packet came by it', async () => {
    const source: CaptureSource = {
      kind: 'ring',
      interfaces: [],
      start: async (sink) => sink.onFact({ type: 'interface-down', interface: 'eth0', reason: 'no carrier' }),
      statistics: () => ({ received: 0, droppedByKernel: 0, droppedByInterface: 0, freezes: 0 }),
      stop: async () => undefined,
    };
    const engine = createLocalEngine({ source: () => source });
    await engine.start(options('', 1));
    const { interfaces, rows } = await engine.page('ip-traffic', ALL);
    expect([interfaces, rows]).toEqual([[{ slot: -1, name: 'eth0', up: false }], []]);
    await engine.stop();
  });

  it('refuses a file that is no capture with what was tried, on what, and why', async () => {
    const engine = createLocalEngine();
    const start = engine.start(options('/etc/passwd', 1));
    await expect(start).rejects.toMatchObject({ fields: { code: 'E_SAVEFILE', target: '/etc/passwd' } });
    await engine.stop();
  });
});
