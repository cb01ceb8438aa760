// The general interface statistics live, beside the kernel's own counters: without loss the difference is 0.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GeneralCounts, GeneralRow } from '../../screens/general/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import {
  createNamespacePair,
  type Namespace,
  type NamespacePair,
  namespacesUnavailable,
} from '../support/namespaces.ts';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';
import { SnapshotWatch } from '../support/snapshot-watch.ts';

type Row = Pick<GeneralRow, 'interface' | 'state' | 'master' | 'kernel' | 'captured' | 'missed'> & {
  packets: number;
  in: GeneralCounts;
  out: GeneralCounts | null;
};
type Taken = Snapshot<Row>;

const row = ({ rows }: Taken, name: string): Row | undefined => rows.find((each) => each.interface === name);

const unavailable = namespacesUnavailable();

describe.skipIf(unavailable !== null)(`general statistics (${unavailable ?? 'in namespaces'})`, () => {
  const home = temporaryHome();
  let pair: NamespacePair;
  let watch: SnapshotWatch<Row>;

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('gen');
    watch = await watching(pair.left);
  });
  afterAll(() => {
    watch?.end();
    pair?.dispose();
    home.remove();
  });

  async function watching(namespace: Namespace): Promise<SnapshotWatch<Row>> {
    const args = [process.execPath, PROGRAM, '-g', '--json', '--every', '0.5', '--limit', '0'];
    const started = new SnapshotWatch<Row>(namespace.spawn(args, { env: { ...process.env, ...home.env } }));
    // The kernel's counters have a baseline.
    await started.until((taken) => (row(taken, namespace.interface)?.kernel ?? null) !== null);
    return started;
  }

  it('equal the kernel on every interface, packets and bytes, in both directions', async () => {
    const { left, right } = pair;
    const before = { rx: left.counter('rx_packets'), tx: left.counter('tx_bytes') };
    left.run('ping', '-q', '-f', '-c', '3000', '-s', '400', right.ipv4);
    left.run('ping', '-q', '-f', '-c', '500', '-s', '400', '::1');
    const rxPackets = left.counter('rx_packets') - before.rx;
    const txBytes = left.counter('tx_bytes') - before.tx;
    expect(rxPackets).toBeGreaterThanOrEqual(3000);
    const taken = await watch.until((each) => (row(each, 'lo')?.kernel?.rxPackets ?? 0) >= 1000);
    const eth = row(taken, left.interface) as Row;
    expect(eth.kernel).toMatchObject({ rxPackets: eth.in.packets, txPackets: eth.out?.packets });
    expect(eth.kernel).toMatchObject({ rxBytes: eth.in.wireBytes, txBytes: eth.out?.wireBytes });
    expect(eth.captured).toEqual([eth.in.packets, eth.out?.packets]);
    expect(eth.in.packets).toBeGreaterThanOrEqual(rxPackets);
    expect(eth.out?.wireBytes).toBeGreaterThanOrEqual(txBytes);
    const lo = row(taken, 'lo') as Row;
    expect([lo.in.packets, lo.out, lo.kernel?.rxPackets]).toEqual([1000, null, 1000]);
    expect(taken.rows.map((each) => each.missed)).toEqual(taken.rows.map(() => 0));
  });

  it('have interfaces that appear and say of those that vanish that they are gone, within two seconds', async () => {
    const { left } = pair;
    const within = (since: number) => (taken: Taken) => new Date(taken.time).getTime() >= since + 2000;
    left.run('ip', 'link', 'add', 'br7', 'type', 'bridge');
    left.run('ip', 'link', 'add', 'va', 'master', 'br7', 'type', 'veth', 'peer', 'name', 'vb');
    const appeared = await watch.until(within(Date.now()));
    expect(row(appeared, 'va')).toMatchObject({ state: 'down', master: 'br7', packets: 0 });
    left.run('ip', 'link', 'del', 'va');
    const vanished = await watch.until(within(Date.now()));
    expect(row(vanished, 'va')).toMatchObject({ state: 'gone', packets: 0 });
    expect(row(vanished, 'br7')).toMatchObject({ state: 'down' });
  });

  it('go on with the counters of an interface that was made anew', async () => {
    const { left } = pair;
    const make = (): void => {
      left.run('ip', 'link', 'add', 'vc', 'type', 'veth', 'peer', 'name', 'vd');
      left.run('ip', 'addr', 'add', '10.92.0.1/24', 'dev', 'vc');
      left.run('ip', 'link', 'set', 'vc', 'up', 'arp', 'off');
      left.run('ip', 'link', 'set', 'vd', 'up');
      left.run('sh', '-c', 'ping -q -c 20 -i 0.01 -W 0.1 10.92.0.9 || true');
    };
    make();
    const first = await watch.until((taken) => (row(taken, 'vc')?.kernel?.txPackets ?? 0) >= 20);
    expect(row(first, 'vc')?.missed).toBe(0);
    left.run('ip', 'link', 'del', 'vc');
    await watch.until((taken) => row(taken, 'vc')?.state === 'gone');
    make();
    const second = await watch.until((taken) => (row(taken, 'vc')?.kernel?.txPackets ?? 0) >= 40);
    const vc = row(second, 'vc') as Row;
    expect(vc.state).toBe('up');
    expect(vc.out?.packets).toBeGreaterThanOrEqual(40);
    expect(vc.missed).toBe(0);
  });
});
