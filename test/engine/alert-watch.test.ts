// Thresholds judged over files, in packet time, through the whole engine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PreparedFilter } from '../../filters/prepared.ts';
import type { AlertChange, AlertFact } from '../../src/alerts/alert.ts';
import { SETTLE_SECONDS } from '../../src/alerts/judgement.ts';
import { parseAlert } from '../../src/alerts/parse.ts';
import { createLocalEngine } from '../../src/engine/local-engine.ts';
import type { EngineOptions } from '../../src/engine/messages.ts';
import { TCP_FLAG } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { Random } from '../fuzz/random.ts';
import { fileEngineOptions } from '../support/file-engine.ts';
import { ethernet, filler, ipv4, type TestPacket, tcp, udp, writePcap } from '../support/packets.ts';
import { ANY, preparedNetwork, preparedRule } from '../support/random-filter.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-alerts-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const BEGAN = 1_700_000_000;

/** A UDP packet of so many IP bytes, so many milliseconds after the beginning. */
function packetAt(milliseconds: number, ipBytes: number, source = '10.0.0.1', destination = '10.0.0.2'): TestPacket {
  const fields = { source, destination, protocol: IP_PROTOCOL.udp };
  const bytes = ethernet(ETHERTYPE.ipv4, ipv4(fields, udp(1000, 2000, filler(ipBytes - 28))));
  return timed(bytes, milliseconds);
}

function timed(bytes: Uint8Array, milliseconds: number): TestPacket {
  const seconds = Math.floor(milliseconds / 1000);
  return { bytes, seconds: BEGAN + seconds, nanoseconds: (milliseconds - seconds * 1000) * 1e6 };
}

async function factsOf(
  packets: TestPacket[],
  rules: readonly string[],
  changes: Partial<EngineOptions> = {},
): Promise<AlertFact[]> {
  const path = join(folder, 'alerts.pcap');
  writePcap(path, LINKTYPE.ethernet, packets);
  const engine = createLocalEngine();
  const facts: AlertFact[] = [];
  engine.onFact((fact) => {
    if (fact.type === 'alert') facts.push(fact);
  });
  const ended = new Promise<void>((resolve) => engine.onEnd(resolve));
  await engine.start({ ...fileEngineOptions(path, ['general']), alerts: rules.map(parseAlert), ...changes });
  await ended;
  await engine.stop();
  return facts;
}

const short = (facts: readonly AlertFact[]): unknown[] =>
  (facts as AlertChange[]).map(({ state, subject, time, value }) => [state, subject, time - BEGAN, value]);

/** Five packets of 200 bytes in each of these seconds. */
function busySeconds(from: number, to: number, source?: string): TestPacket[] {
  const packets: TestPacket[] = [];
  for (let second = from; second < to; second++) {
    for (let k = 0; k < 5; k++) packets.push(packetAt(second * 1000 + k * 200, 200, source));
  }
  return packets;
}

it('judges a file in seconds of packet time, whatever --every says', async () => {
  const packets = [...busySeconds(0, 3), packetAt(3500, 100), packetAt(20_000, 100)];
  for (const rateWindow of [Number.POSITIVE_INFINITY, 1, 7, 0.5, 0.25]) {
    const facts = await factsOf(packets, ['host 10.0.0.1 tx>900B/s for 2s'], { rateWindow });
    expect(short(facts)).toEqual([
      ['started', '10.0.0.1', 2, 1000],
      ['ended', '10.0.0.1', 3 + SETTLE_SECONDS, 1000],
    ]);
  }
});

it('counts each conversation for both its hosts', async () => {
  const facts = await factsOf(busySeconds(0, 1), ['host>999B/s', 'host rx>999B/s', 'host tx>999B/s', 'host>1000B/s']);
  const started = (facts as AlertChange[]).filter(({ state }) => state === 'started');
  expect(started.map(({ alert, subject }) => [alert, subject])).toEqual([
    ['host>999B/s', '10.0.0.1'],
    ['host>999B/s', '10.0.0.2'],
    ['host rx>999B/s', '10.0.0.2'],
    ['host tx>999B/s', '10.0.0.1'],
  ]);
});

it('ends what is on with the file', async () => {
  const facts = (await factsOf(busySeconds(0, 2), ['packets>3/s'])) as AlertChange[];
  expect(facts.map(({ state, cut }) => [state, cut])).toEqual([
    ['started', undefined],
    ['ended', 'capture-ended'],
  ]);
  expect(facts[1]).toMatchObject({ subject: 'all', value: 5, unit: 'packetsPerSecond' });
});

it('has the sum of each host of random traffic', async () => {
  const random = new Random(21);
  const expected = new Map<string, number>();
  const packets: TestPacket[] = [];
  for (let k = 0; k < 3000; k++) {
    const [source, destination] = [random.below(40) + 1, random.below(40) + 50].map((host) => `10.0.0.${host}`);
    const bytes = 40 + random.below(1000);
    packets.push(packetAt(Math.floor(k / 4), bytes, source, destination));
    for (const host of [source, destination]) expected.set(host, (expected.get(host) ?? 0) + bytes);
  }
  const started = (await factsOf(packets, ['host>1B/s'])).filter(({ state }) => state === 'started') as AlertChange[];
  expect(new Map(started.map(({ subject, value }) => [subject, value]))).toEqual(expected);
});

it('counts packets and bytes within a time that slides', async () => {
  const packets = [...busySeconds(0, 20), packetAt(60_000, 100)];
  const facts = await factsOf(packets, ['packets>30 in 10s', 'bytes>5999 in 6s']);
  expect(short(facts)).toEqual([
    ['started', 'all', 6, 6000],
    ['started', 'all', 7, 35],
    // In the last second: six seconds with 1000 bytes each were above, one less is not.
    ['ended', 'all', 20 + SETTLE_SECONDS, 6000],
    ['ended', 'all', expect.closeTo(23 + SETTLE_SECONDS, 0), 50],
  ]);
});

it('counts since the start without "in"', async () => {
  const facts = await factsOf([...busySeconds(0, 4), packetAt(9_000_000, 100)], ['packets>18']);
  expect(short(facts)).toEqual([
    ['started', 'all', 4, 20],
    ['ended', 'all', 9000, 21],
  ]);
});

describe('new connections', () => {
  const connection = (port: number, milliseconds: number, flags: number): TestPacket =>
    timed(
      ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.tcp }, tcp({ sourcePort: port, flags }))),
      milliseconds,
    );

  it('are conversations that began, once each', async () => {
    const packets = [0, 1, 2, 3].flatMap((k) => [
      connection(5000 + k, k * 100, TCP_FLAG.syn),
      connection(5000 + k, k * 100 + 50, TCP_FLAG.ack),
    ]);
    const later = [0, 1, 2, 3].map((k) => connection(5000 + k, 1100 + k, TCP_FLAG.ack));
    const facts = (await factsOf(
      [...packets, ...later],
      ['new-connections>3/s', 'new-connections>4'],
    )) as AlertChange[];
    expect(facts.map(({ alert, state, value }) => [alert, state, value])).toEqual([
      ['new-connections>3/s', 'started', 4],
      ['new-connections>3/s', 'ended', 4],
    ]);
  });

  it('are none that were open before', async () => {
    const open = [0, 1, 2, 3].map((k) => connection(5000 + k, k, TCP_FLAG.ack));
    expect(await factsOf(open, ['new-connections>0'])).toEqual([]);
  });
});

it('says of an interface what it cannot judge', async () => {
  const facts = await factsOf(busySeconds(0, 3), ['interface>80%', 'interface rx>1B/s', 'interface>999B/s']);
  const notices = facts.filter(({ state }) => state === 'notice');
  expect(notices).toMatchObject([
    { alert: 'interface>80%', text: expect.stringMatching(/the speed of .* is not known/) },
    { alert: 'interface rx>1B/s', text: expect.stringMatching(/does not tell rx from tx/) },
  ]);
  expect(facts.filter(({ state }) => state === 'started')).toMatchObject([{ alert: 'interface>999B/s', value: 1000 }]);
});

it('sees what a filter lets through, and nothing else', async () => {
  const packets = [...busySeconds(0, 1), ...busySeconds(0, 1, '10.0.0.3')];
  const rule = preparedRule({ source: { ...ANY, networks: [preparedNetwork('10.0.0.3/32')] } });
  const filter: PreparedFilter = { text: 'one host', rules: [rule], unmatched: 'drop', local: [] };
  const facts = (await factsOf(packets, ['host>1B/s', 'packets>1/s'], { filter })) as AlertChange[];
  expect(facts.filter(({ state }) => state === 'started').map(({ subject, value }) => [subject, value])).toEqual([
    ['10.0.0.2', 1000],
    ['10.0.0.3', 1000],
    ['all', 5],
  ]);
});
