// What the bus says of rate windows: the length of each is its own, also after a silence that closed no windows.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GeneralRow } from '../../screens/general/types.ts';
import { createLocalEngine } from '../../src/engine/local-engine.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { QUERY } from '../support/general-stage.ts';
import { ethernet, ipv4, type TestPacket, udp, writePcap } from '../support/packets.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-windows-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function packetAt(seconds: number, nanoseconds: number): TestPacket {
  return { bytes: ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp }, udp(1, 2))), seconds, nanoseconds };
}

/** Packets per second in each snapshot of a file. */
async function ratesOf(packets: TestPacket[]): Promise<(number | null)[]> {
  const path = join(folder, 'windows.pcap');
  writePcap(path, LINKTYPE.ethernet, packets);
  const engine = createLocalEngine();
  const rates: (number | null)[] = [];
  await engine.watch('general', QUERY, {
    head: () => undefined,
    rows: (rows) => {
      for (const row of rows as GeneralRow[]) rates.push(row.rates.total?.packetsPerSecond ?? null);
    },
    end: () => undefined,
  });
  const ended = new Promise<void>((resolve) => engine.onEnd(resolve));
  await engine.start({
    source: { kind: 'file', path },
    monitors: ['general'],
    snaplen: 256,
    expression: null,
    filter: null,
    writePath: null,
    rateWindow: 1,
    maximumConversations: 10,
    decapsulate: false,
    keepsPackets: false,
    tcpTimeout: 900,
    closedPersistence: null,
  });
  await ended;
  await engine.stop();
  return rates;
}

it('divides by the length of the window, not by the silence before it', async () => {
  const half = 500_000_000;
  const packets = [packetAt(10, 0), packetAt(10, half), packetAt(60, 0), packetAt(60, half / 2), packetAt(60, half)];
  expect(await ratesOf(packets)).toEqual([2, 0, 6]);
});

it('knows no rate of a single moment', async () => {
  expect(await ratesOf([packetAt(10, 0)])).toEqual([null]);
});
