// Sizes of live packets against the interface's own counters and against TCP's: offloaded buffers as their segments.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PacketSizesRow } from '../../screens/packet-sizes/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';
import { retry, SnapshotWatch, sentSegments } from '../support/snapshot-watch.ts';

const unavailable = namespacesUnavailable();
/** Ethernet, IPv4, TCP with timestamps: what each segment has before its data. */
const HEADERS = 14 + 20 + 32;

describe.skipIf(unavailable !== null)(`live packet sizes (${unavailable ?? 'in namespaces'})`, () => {
  const home = temporaryHome();
  let pair: NamespacePair;

  beforeAll(() => buildProgram());
  beforeEach(async () => {
    pair?.dispose();
    pair = await createNamespacePair('sizes');
  });
  afterAll(() => {
    pair?.dispose();
    home.remove();
  });

  async function watch(): Promise<SnapshotWatch<PacketSizesRow>> {
    const { left } = pair;
    const args = ['-z', left.interface, '--json', '--every', '0.5', '--bytes', 'wire'];
    const child = left.spawn([process.execPath, PROGRAM, ...args], { env: { ...process.env, ...home.env } });
    const watching = new SnapshotWatch<PacketSizesRow>(child);
    await watching.until(() => true);
    return watching;
  }

  const counters = ['tx_packets', 'rx_packets', 'tx_bytes', 'rx_bytes'] as const;
  const read = (): number[] => counters.map((name) => pair.left.counter(name));

  /** Sends over TCP; answers how the counters of the interface and TCP's own moved, and the snapshot that has it all. */
  async function transfer(amount: string): Promise<Moved> {
    const { left, right } = pair;
    right.spawn(['iperf3', '-s', '-1'], { stdio: 'ignore' });
    const watching = await watch();
    const before = [...read(), sentSegments(left)];
    await retry(() => left.run('iperf3', '-c', right.ipv4, '-n', amount, '-J'));
    const after = [...read(), sentSegments(left)];
    const [txPackets, rxPackets, txBytes, rxBytes, segments] = after.map((value, k) => value - before[k]);
    const taken = await watching.until(({ totals }) => (totals.buffers ?? 0) >= txPackets + rxPackets);
    watching.end();
    return { txPackets, rxPackets, txBytes, rxBytes, segments, taken };
  }

  const sum = ({ rows }: Snapshot<PacketSizesRow>, field: 'in' | 'out' | 'inBytes' | 'outBytes'): number =>
    rows.reduce((total, row) => total + (row[field] ?? Number.NaN), 0);

  it('of offloaded buffers add up to what TCP sent and what the interface counted', async () => {
    const { txPackets, rxPackets, txBytes, rxBytes, segments, taken } = await transfer('100M');
    expect(sum(taken, 'out')).toBe(segments);
    expect(txPackets).toBeLessThan(segments / 4);
    expect(sum(taken, 'outBytes')).toBe(txBytes + (segments - txPackets) * HEADERS);
    expect(sum(taken, 'inBytes') - (sum(taken, 'in') - rxPackets) * HEADERS).toBe(rxBytes);
    expect(taken.totals).toMatchObject({
      buffers: txPackets + rxPackets,
      sizesOf: 'frames',
      mtu: 1500,
      outLargestSize: 1514,
    });
    // Full segments, and nothing that is larger than the link lets through.
    expect(taken.rows[19]).toMatchObject({ from: 1426, to: 1514 });
    expect(taken.rows[19].out).toBeGreaterThan(60_000);
    expect(taken.rows[20]).toMatchObject({ from: 1515, to: null, packets: 0 });
    expect(taken.capture.droppedByKernel).toBe(0);
  });

  it('of packets that nobody cuts equal the interface counters, and follow its MTU', async () => {
    for (const end of [pair.left, pair.right]) {
      end.run('ethtool', '-K', end.interface, 'tso', 'off', 'gso', 'off', 'gro', 'off');
      end.run('ip', 'link', 'set', end.interface, 'mtu', '4000');
    }
    const { txPackets, rxPackets, txBytes, rxBytes, taken } = await transfer('20M');
    const moved = { in: rxPackets, out: txPackets, inBytes: rxBytes, outBytes: txBytes };
    for (const [field, value] of Object.entries(moved)) expect(sum(taken, field as 'in')).toBe(value);
    expect(taken.totals).toMatchObject({ mtu: 4000, outLargestSize: 4014 });
    expect(taken.rows[19]).toMatchObject({ from: 3801, to: 4014 });
  });
});

interface Moved {
  txPackets: number;
  rxPackets: number;
  txBytes: number;
  rxBytes: number;
  /** TCP segments sent. */
  segments: number;
  taken: Snapshot<PacketSizesRow>;
}
