// The mixed capture through the engine, against tshark: every class, and every second of the history.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DetailedExtra, DetailedRow } from '../../../screens/detailed/types.ts';
import type { EngineClient } from '../../../src/engine/engine-client.ts';
import { engineOverFile } from '../../support/file-engine.ts';
import { tsharkFields, tsharkUnavailable } from '../../support/tshark.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/mixed.pcapng');
const unavailable = tsharkUnavailable();

interface Frame {
  bytes: number;
  second: number;
  /** Protocols from the link layer on. */
  layers: string[];
  destination: string;
  interface: string;
}

function frames(): Frame[] {
  const fields = ['frame.len', 'frame.time_relative', 'frame.protocols', 'eth.dst', 'frame.interface_id'];
  return tsharkFields(FIXTURE, fields).map(([length, time, protocols, destination, id]) => ({
    bytes: Number(length),
    second: Math.floor(Number(time)),
    layers: protocols.split(':'),
    destination,
    interface: id,
  }));
}

/** What follows the link layer: its tags are not counted as a layer. */
function networkOf({ layers }: Frame): string {
  return layers.find((layer) => layer === 'ip' || layer === 'ipv6') ?? '';
}

describe.skipIf(unavailable !== null)(`classes against tshark (${unavailable ?? 'installed'})`, () => {
  let engine: EngineClient;
  beforeAll(async () => {
    engine = await engineOverFile(FIXTURE, ['detailed']);
  });
  afterAll(() => engine.stop());

  async function ask(options: Record<string, unknown> = {}): Promise<{ rows: DetailedRow[]; extra: DetailedExtra }> {
    const query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options };
    return (await engine.page('detailed', query)) as unknown as { rows: DetailedRow[]; extra: DetailedExtra };
  }

  const sums = (kept: readonly Frame[]): [number, number] => [
    kept.length,
    kept.reduce((total, { bytes }) => total + bytes, 0),
  ];
  const MATCHES: Record<string, (frame: Frame) => boolean> = {
    total: () => true,
    ipv4: (frame) => networkOf(frame) === 'ip',
    ipv6: (frame) => networkOf(frame) === 'ipv6',
    nonIp: (frame) => networkOf(frame) === '',
    broadcast: ({ destination }) => destination === 'ff:ff:ff:ff:ff:ff',
    multicast: ({ destination }) => /^.[13579bdf]/.test(destination) && destination !== 'ff:ff:ff:ff:ff:ff',
  };

  it.each(Object.keys(MATCHES))('agree in packets and frame bytes of %s', async (name) => {
    const row = (await ask()).rows.find((each) => each.class === name);
    expect([row?.total.packets, row?.total.wireBytes]).toEqual(sums(frames().filter(MATCHES[name])));
  });

  it('agree in TCP, UDP, ICMP and the rest by the protocol number of the outermost IP header', async () => {
    const fields = ['frame.len', 'frame.protocols', 'ip.proto', 'ipv6.nxt', 'ipv6.fraghdr.nxt', 'ipv6.hopopts.nxt'];
    const options = ['ipv6.dstopts.nxt', 'ipv6.routing.nxt', 'ah.next_header'];
    const found = new Map<string, [number, number]>();
    for (const [length, protocols, v4, ...v6] of tsharkFields(FIXTURE, [...fields, ...options])) {
      const network = networkOf({ layers: protocols.split(':') } as Frame);
      if (network === '') continue;
      // Extension headers name what follows them; the last that is none of them is the protocol.
      const extensions = ['0', '43', '44', '51', '60'];
      const protocol =
        network === 'ip' ? v4 : (v6.filter((each) => each !== '' && !extensions.includes(each))[0] ?? '');
      const name = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmp' }[protocol] ?? 'otherIp';
      const [packets, bytes] = found.get(name) ?? [0, 0];
      found.set(name, [packets + 1, bytes + Number(length)]);
    }
    for (const row of (await ask()).rows.filter(({ class: name }) =>
      ['tcp', 'udp', 'icmp', 'otherIp'].includes(name),
    )) {
      expect([row.class, row.total.packets, row.total.wireBytes]).toEqual([row.class, ...(found.get(row.class) ?? [])]);
    }
  });

  it('agree interface by interface', async () => {
    const { interfaces } = (await ask()).extra;
    expect(interfaces).toHaveLength(2);
    const totals = await Promise.all(interfaces.map(async (name) => (await ask({ interface: name })).rows[0].total));
    const expected = ['0', '1'].map((id) => sums(frames().filter((frame) => frame.interface === id)));
    const counted = totals.map(({ packets, wireBytes }) => [packets, wireBytes]);
    expect(counted.sort()).toEqual(expected.sort());
  });

  it('agree in every second, as tshark -z io,stat,1 has them, and in the fullest one', async () => {
    const seconds = Array.from({ length: 8 }, (_, second) => frames().filter((frame) => frame.second === second));
    for (const [measure, k] of [
      ['packets', 0],
      ['wireBytes', 1],
    ] as const) {
      const { history, peaks } = (await ask({ history: { resolution: 1, points: 9, measure } })).extra;
      const expected = seconds.map((kept) => sums(kept)[k]);
      expect(history?.unknown).toEqual([null, ...expected]);
      const peak = measure === 'packets' ? peaks.total?.packetsPerSecond : peaks.total?.wireBytesPerSecond;
      expect(peak).toBe(Math.max(...expected));
    }
  });
});
