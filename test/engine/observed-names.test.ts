// The names of test/fixtures/names.pcap: as tshark reads them, frame by frame, and through a whole engine.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLocalEngine } from '../../src/engine/local-engine.ts';
import type { ObservedName } from '../../src/engine/messages.ts';
import { ObserverStage } from '../support/observed.ts';
import { collectSavefile } from '../support/savefile.ts';
import { tsharkUnavailable } from '../support/tshark.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/names.pcap');

const FIELDS = [
  ...['ip.dst', 'ipv6.dst', 'tls.handshake.extensions_server_name', 'quic.version'],
  ...['dns.flags.response', 'dns.qry.name', 'dns.resp.name', 'dns.a', 'dns.aaaa'],
];

/** What each frame tells: "name address", as tshark reads it (4.0: not yet the version 2 of QUIC of RFC 9369). */
function tsharkNames(): string[][] {
  const fields = ['-T', 'fields', '-E', 'separator=/t', ...FIELDS.flatMap((field) => ['-e', field])];
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  const output = execFileSync('tshark', ['-n', '-r', FIXTURE, ...fields], { encoding: 'utf8', stdio: [...stdio] });
  return output
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => frameNames(line.split('\t')));
}

function frameNames([ipv4, ipv6, server, , response, question, owners, v4, v6]: string[]): string[] {
  if (server !== '') return [`${server} ${ipv4 || ipv6}`];
  if (response !== '1') return [];
  const addresses = [...v4.split(','), ...v6.split(',')].filter((address) => address !== '' && address !== '0.0.0.0');
  // mDNS has no question: owners stand beside their addresses.
  return addresses.map((address, k) => `${question || owners.split(',')[k]} ${address}`);
}

/** What each frame tells anew. */
async function observedNames(): Promise<string[][]> {
  const { packets } = await collectSavefile(FIXTURE);
  const stage = new ObserverStage();
  return packets.map((packet) => stage.namesOf(packet).map(([address, name]) => `${name} ${address}`));
}

const missing = tsharkUnavailable();

describe.skipIf(missing !== null)(`as tshark reads them${missing === null ? '' : `: skipped, ${missing}`}`, () => {
  it('names come in the same order, with the same frames or, of long hellos, earlier ones', async () => {
    const read = tsharkNames();
    const last = new Map<string, string>();
    const expected = read.map((names) =>
      names.filter((text) => {
        const [name, address] = text.split(' ');
        const isNew = last.get(address) !== name;
        last.set(address, name);
        return isNew;
      }),
    );
    expect(expected.flat()).toHaveLength(16);
    const observed = await observedNames();
    expect(observed.flat()).toEqual(expected.flat());
    const frameOf = (frames: string[][], text: string): number => frames.findIndex((names) => names.includes(text));
    const earlier = expected.flat().filter((text) => frameOf(observed, text) !== frameOf(expected, text));
    // The name is there before the hello is whole.
    expect(earlier).toEqual(['tls12.example.com 10.77.0.2', 'several-segments.example.com 10.78.0.2']);
    for (const text of earlier) expect(frameOf(observed, text)).toBeLessThan(frameOf(expected, text));
  });
});

it('a whole engine tells them before the file ends', async () => {
  const told: ObservedName[] = [];
  const engine = createLocalEngine();
  engine.onNames((names) => told.push(...names));
  let atSnapshot = 0;
  await engine.watch(
    'general',
    { sort: null, descending: true, offset: 0, limit: 0, follow: null, options: {} },
    {
      head: () => {
        atSnapshot = told.length;
      },
      rows: () => undefined,
      end: () => undefined,
    },
  );
  const ended = new Promise<void>((resolve) => engine.onEnd(resolve));
  await engine.start({
    source: { kind: 'file', path: FIXTURE },
    monitors: ['general'],
    snaplen: 256,
    expression: null,
    filter: null,
    writePath: null,
    rateWindow: Number.POSITIVE_INFINITY,
    maximumConversations: 100,
    decapsulate: false,
    keepsPackets: false,
    observesNames: true,
    tcpTimeout: 900,
    closedPersistence: null,
  });
  await ended;
  await engine.stop();
  expect(told.map(({ address, name, by }) => [address, name, by])).toEqual([
    ['192.0.2.10', 'www.example.com', 'dns'],
    ['192.0.2.11', 'www.example.com', 'dns'],
    ['2001:db8::10', 'www.example.com', 'dns'],
    ['198.51.100.7', 'shop.example.com', 'dns'],
    ['2001:db8::7', 'shop.example.com', 'dns'],
    ['192.0.2.20', 'www.example.net', 'dns'],
    ['10.78.0.2', 'several-segments.example.com', 'tls'],
    ['2001:db8:77::2', 'padded.example.com', 'tls'],
    ['10.77.0.2', 'other-port.example.com', 'quic'],
    ['192.168.1.9', 'printer.local', 'dns'],
    ['fe80::9', 'printer.local', 'dns'],
  ]);
  expect(atSnapshot).toBe(told.length);
});
