// Live classes against the interface's own counters and against what was sent: nothing may be missing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DetailedExtra, DetailedRow } from '../../screens/detailed/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';
import { retry, SnapshotWatch } from '../support/snapshot-watch.ts';

const unavailable = namespacesUnavailable();

type Line = Snapshot<DetailedRow> & { totals: Pick<DetailedExtra, 'kernel' | 'peaks'> };

describe.skipIf(unavailable !== null)(`live detailed statistics (${unavailable ?? 'in namespaces'})`, () => {
  const home = temporaryHome();
  let pair: NamespacePair;

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('detailed');
  });
  afterAll(() => {
    pair?.dispose();
    home.remove();
  });

  const counters = ['rx_packets', 'tx_packets', 'rx_bytes', 'tx_bytes'] as const;
  const read = (): number[] => counters.map((name) => pair.left.counter(name));

  async function watch(): Promise<SnapshotWatch<DetailedRow>> {
    const { left } = pair;
    const args = ['-d', left.interface, '--json', '--every', '0.5'];
    const child = left.spawn([process.execPath, PROGRAM, ...args], { env: { ...process.env, ...home.env } });
    const watching = new SnapshotWatch<DetailedRow>(child);
    // The kernel's baseline is there from the first reading on.
    await watching.until((snapshot) => (snapshot as Line).totals.kernel !== null);
    return watching;
  }

  const classOf = ({ rows }: Line, name: string): DetailedRow => {
    const row = rows.find((each) => each.class === name);
    if (row === undefined) throw new Error(`no class ${name}`);
    return row;
  };

  it('equal the interface counters, direction by direction, and what was sent, class by class', async () => {
    const { left, right } = pair;
    const watching = await watch();
    const before = read();
    left.run('ping', '-q', '-c', '200', '-i', '0.002', '-s', '500', right.ipv4);
    left.run('ping', '-q', '-c', '100', '-i', '0.002', '-s', '900', right.ipv6);
    // Nobody answers these.
    left.run('sh', '-c', `ping -q -b -c 3 -i 0.002 -W 0.1 -s 500 10.91.0.255 || true`);
    left.run('sh', '-c', `ping -q -c 2 -i 0.002 -W 0.1 -s 500 -I ${left.interface} 224.0.0.5 || true`);
    const [rxPackets, txPackets, rxBytes, txBytes] = read().map((value, k) => value - before[k]);
    const taken = (await watching.until((snapshot) => {
      const { kernel } = (snapshot as Line).totals;
      return (kernel?.rxPackets ?? 0) + (kernel?.txPackets ?? 0) >= rxPackets + txPackets;
    })) as Line;
    watching.end();
    const total = classOf(taken, 'total');
    expect([total.incoming, total.outgoing]).toMatchObject([
      { packets: rxPackets, wireBytes: rxBytes },
      { packets: txPackets, wireBytes: txBytes },
    ]);
    expect(taken.totals.kernel).toMatchObject({ rxPackets, txPackets, rxBytes, txBytes, missed: 0 });
    expect(classOf(taken, 'ipv4').total).toEqual({ packets: 405, ipBytes: 405 * 528, wireBytes: 405 * 542 });
    expect(classOf(taken, 'icmp').incoming?.packets).toBe(300);
    expect(classOf(taken, 'broadcast')).toMatchObject({ incoming: { packets: 0 }, outgoing: { packets: 3 } });
    expect(classOf(taken, 'multicast').outgoing).toEqual({ packets: 2, ipBytes: 2 * 528, wireBytes: 2 * 542 });
    expect(taken.totals.peaks.total?.packetsPerSecond).toBeGreaterThan(100);
    expect(taken.capture.droppedByKernel).toBe(0);
  });

  it('name the driver of the interface', () => {
    const lines = pair.left.run(process.execPath, PROGRAM, 'interfaces', '--json').trim().split('\n');
    const found = lines.map((line) => JSON.parse(line)).find(({ name }) => name === pair.left.interface);
    expect(found.kind).toBe('veth');
  });

  it('compare offloaded buffers with the kernel as it counts them', async () => {
    const { left, right } = pair;
    right.spawn(['iperf3', '-s', '-1'], { stdio: 'ignore' });
    const watching = await watch();
    const before = read();
    await retry(() => left.run('iperf3', '-c', right.ipv4, '-n', '50M', '-J'));
    const [rxPackets, txPackets] = read().map((value, k) => value - before[k]);
    const taken = (await watching.until(
      (snapshot) => ((snapshot as Line).totals.kernel?.txPackets ?? 0) >= txPackets,
    )) as Line;
    watching.end();
    expect(taken.totals.kernel).toMatchObject({ rxPackets, txPackets, missed: 0 });
    expect(taken.totals.buffers).toBe(rxPackets + txPackets);
    expect(classOf(taken, 'tcp').outgoing?.packets).toBeGreaterThan(4 * txPackets);
  });
});
