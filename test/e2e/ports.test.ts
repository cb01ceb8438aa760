// Ports of live traffic: against the interface's counters, against TCP's own, and under a name that a setting gives.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PortExtra, PortRow } from '../../screens/ports/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';
import { retry, SnapshotWatch, sentSegments } from '../support/snapshot-watch.ts';

const unavailable = namespacesUnavailable();
const DATAGRAMS = 20;
const DATAGRAM = 100;

/** Sends DATAGRAMS datagrams from a port of its own to port 40000. */
const SENDER = `
const socket = require('dgram').createSocket('udp4');
let left = ${DATAGRAMS};
const send = () => socket.send(Buffer.alloc(${DATAGRAM}), 40000, process.argv[1], () => --left ? send() : socket.close());
socket.bind(20000, send);
`;

type Totals = Snapshot['totals'] & { ports: Pick<PortExtra, 'packets' | 'ipBytes' | 'wireBytes' | 'conversations'> };

describe.skipIf(unavailable !== null)(`live ports (${unavailable ?? 'in namespaces'})`, () => {
  const home = temporaryHome();
  let pair: NamespacePair;

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('ports');
    // Each packet is one buffer: the kernel's counters are those of packets.
    for (const end of [pair.left, pair.right]) {
      end.run('ethtool', '-K', end.interface, 'tso', 'off', 'gso', 'off', 'gro', 'off');
    }
  });
  afterAll(() => {
    pair?.dispose();
    home.remove();
  });

  const counters = ['tx_packets', 'rx_packets', 'tx_bytes', 'rx_bytes'] as const;
  const read = (): number[] => counters.map((name) => pair.left.counter(name));

  it('have all packets of the interface, without loss, and those of TCP under the port that was connected to', async () => {
    const { left, right } = pair;
    right.spawn(['iperf3', '-s', '-1', '-p', '50001'], { stdio: 'ignore' });
    const env = { ...process.env, ...home.env };
    left.run(
      'env',
      ...Object.entries(home.env).map((entry) => entry.join('=')),
      process.execPath,
      PROGRAM,
      'config',
      'set',
      'additionalPorts',
      '40000-40010',
    );
    const args = ['-s', left.interface, '--json', '--every', '0.5', '--limit', '0'];
    const watching = new SnapshotWatch<PortRow>(left.spawn([process.execPath, PROGRAM, ...args], { env }));
    await watching.until(() => true);
    const before = [...read(), sentSegments(left)];
    await retry(() => left.run('iperf3', '-c', right.ipv4, '-p', '50001', '-n', '20M'));
    left.run(process.execPath, '-e', SENDER, right.ipv4);
    const after = [...read(), sentSegments(left)];
    const [txPackets, rxPackets, txBytes, rxBytes, segments] = after.map((value, k) => value - before[k]);
    const { totals, rows, capture } = await watching.until((each) => each.totals.packets >= txPackets + rxPackets);
    watching.end();

    expect(capture.droppedByKernel).toBe(0);
    expect([totals.packets, totals.wireBytes]).toEqual([txPackets + rxPackets, txBytes + rxBytes]);
    const sum = (of: (row: PortRow) => number): number => rows.reduce((all, row) => all + of(row), 0);
    const { ports } = totals as Totals;
    expect(ports).toEqual({
      packets: sum(({ total }) => total.packets),
      ipBytes: sum(({ total }) => total.ipBytes),
      wireBytes: sum(({ total }) => total.wireBytes),
      conversations: sum(({ conversations }) => conversations),
    });
    // What has no port here is ARP and ICMP.
    expect(totals.packets - ports.packets).toBeLessThan(20);

    const row = (protocol: string, port: number): PortRow | undefined =>
      rows.find((each) => each.protocol === protocol && each.port === port);
    const tcp = row('tcp', 50_001);
    expect(tcp?.to.packets).toBe(segments);
    expect(tcp?.conversations).toBe(2);
    const datagrams = { packets: DATAGRAMS, ipBytes: DATAGRAMS * (DATAGRAM + 28) };
    expect(row('udp', 40_000)).toMatchObject({ to: datagrams, from: { packets: 0 }, conversations: 1 });
    expect(rows).toHaveLength(2);
  });
});
