import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { composeSocketFilter } from '../../src/capture/ring/socket-filter.ts';
import { bundle } from '../support/bundle.ts';
import type { CaptureTally } from '../support/capture-driver.ts';
import { Driver } from '../support/driver.ts';
import { NAME_FRAMES, OTHER_FRAMES } from '../support/name-frames.ts';
import {
  createNamespacePair,
  joinNamespaces,
  type NamespacePair,
  namespacesUnavailable,
} from '../support/namespaces.ts';
import { toHex } from '../support/packets.ts';

const unavailable = namespacesUnavailable();
const title = unavailable === null ? 'packet ring in namespaces' : `packet ring (skipped: ${unavailable})`;
const PLAIN = { interfaces: ['left'], promiscuous: false, snaplen: 256 };

/** A UDP packet 10.91.0.1:9 -> 10.91.0.2:9 with 18 bytes of payload, 60 bytes as a frame; `tag` goes before its EtherType. */
function udpFrame(tag = '', destination = '020000009102'): string {
  const ip = '4500002e00000000401100000a5b00010a5b0002';
  return `${destination}020000009101${tag}0800${ip}00090009001a0000${'00'.repeat(18)}`;
}

describe.skipIf(unavailable !== null)(title, () => {
  let pair: NamespacePair;
  let drivers: Driver[] = [];

  beforeAll(async () => {
    pair = await createNamespacePair('ring');
  });
  afterAll(() => pair?.dispose());
  afterEach(async () => {
    await Promise.all(drivers.map((driver) => driver.end()));
    drivers = [];
  });

  async function capture(
    options: object = PLAIN,
    side: 'left' | 'right' = 'left',
    wrapper: string[] = [],
  ): Promise<Driver> {
    const driver = await Driver.start('test/support/capture-driver.ts', pair[side], wrapper);
    drivers.push(driver);
    await driver.ask('ring', { ...PLAIN, ...options });
    return driver;
  }

  async function send(side: 'left' | 'right', count: number, ...frames: string[]): Promise<void> {
    const sender = await bundle('test/support/raw-sender.ts');
    const child = pair[side].spawn([process.execPath, sender, side, String(count), ...frames]);
    const [sent] = (await once(child.stdout as Readable, 'data')) as [Buffer];
    expect(Number(sent)).toBe(count * frames.length);
  }

  /** OutSegs + RetransSegs of the left namespace (RFC 4022): segments, however they were handed to the card. */
  function tcpSegmentsSent(): number {
    const lines = pair.left.run('grep', '^Tcp:', '/proc/net/snmp').trim().split('\n');
    const [names, values] = lines.map((line) => line.split(' '));
    return Number(values[names.indexOf('OutSegs')]) + Number(values[names.indexOf('RetransSegs')]);
  }

  const packets = (driver: Driver, count: number): Promise<CaptureTally> =>
    driver.until<CaptureTally>('tally', (tally) => tally.packets >= count);

  it('counts each packet of a ping flood once, with its direction', async () => {
    const driver = await capture();
    pair.left.run('ping', '-q', '-f', '-c', '5000', pair.right.ipv4);
    const tally = await packets(driver, 10_000);
    expect(tally.byType).toEqual({ 0: 5000, 4: 5000 });
    expect(tally.byInterface).toEqual({ left: 10_000 });
    expect(tally.statistics).toEqual({ received: 10_000, droppedByKernel: 0, droppedByInterface: 0, freezes: 0 });
  });

  it('delivers a packet within 50 ms when the interface is quiet', async () => {
    const driver = await capture();
    pair.left.run('ping', '-q', '-c', '10', '-i', '0.11', pair.right.ipv4);
    const tally = await packets(driver, 20);
    expect(tally.packets).toBe(20);
    expect(tally.latency).toBeLessThan(50);
  });

  it('receives every small packet that a raw sender sends, and no more', async () => {
    const driver = await capture({ interfaces: ['right'] }, 'right');
    const before = pair.right.counter('rx_packets');
    await send('left', 100_000, udpFrame());
    const tally = await packets(driver, 100_000);
    // The answers (ICMP port unreachable, rate limited) go out.
    expect(tally.byType[0]).toBe(100_000);
    expect(pair.right.counter('rx_packets') - before).toBe(100_000);
    expect(tally.statistics.droppedByKernel).toBe(0);
    expect(tally.capturedBytes).toBe(tally.wireBytes);
  });

  it('counts what came until it was stopped, also what the kernel still held back', async () => {
    for (let round = 0; round < 5; round++) {
      const driver = await capture({ interfaces: ['right'] }, 'right');
      await send('left', 3, udpFrame());
      await driver.ask('stop');
      expect((await driver.ask<CaptureTally>('tally')).byType[0]).toBe(3);
    }
  });

  it('keeps at most snaplen bytes and tells the whole length', async () => {
    const driver = await capture({ snaplen: 60 });
    pair.left.run('ping', '-q', '-c', '3', '-i', '0.01', '-s', '1000', pair.right.ipv4);
    const tally = await packets(driver, 6);
    expect(tally.longestCapture).toBe(60);
    expect(tally.wireBytes).toBe(6 * 1042);
  });

  it('keeps more of packets that may tell names, and of no others, also while programs are replaced', async () => {
    const driver = await capture({ keepsNames: true });
    const frames = [...Object.values(NAME_FRAMES), ...Object.values(OTHER_FRAMES)].map(toHex);
    await driver.ask('prefilter', toHex(composeSocketFilter({ snaplen: 1, interfaceIndexes: null, prefilter: null })));
    await driver.ask('prefilter', null);
    await send('left', 1, ...frames);
    const { samples } = await packets(driver, frames.length);
    const names = Object.keys(NAME_FRAMES).length;
    const expected = frames.map((frame, n) => (n < names ? frame : frame.slice(0, 2 * PLAIN.snaplen)));
    expect(samples).toEqual(expected);
  });

  it('keeps tags that the kernel strips beside the packet, and tags inside of it', async () => {
    const driver = await capture({ interfaces: ['right'] }, 'right');
    await send('left', 1, udpFrame('8100600a'), udpFrame('88a800148100000a'), udpFrame());
    const tally = await packets(driver, 3);
    expect(tally.tags).toEqual({ '8100600a': 1, '88a80014': 1 });
    expect(tally.samples[0].slice(0, 28)).toBe('0200000091020200000091010800');
    expect(tally.samples[1].slice(0, 36)).toBe('0200000091020200000091018100000a0800');
  });

  it('counts each packet on loopback once', async () => {
    const driver = await capture({ interfaces: ['lo'] });
    pair.left.run('ping', '-q', '-f', '-c', '1000', '127.0.0.1');
    const tally = await packets(driver, 2000);
    expect(tally.packets).toBe(2000);
    expect(tally.byType).toEqual({ 0: 2000 });
    expect(tally.byLinkType).toEqual({ 1: 2000 });
  });

  it('captures from all interfaces with one ring, each packet with its interface', async () => {
    const driver = await capture({ interfaces: 'all' });
    pair.left.run('ping', '-q', '-f', '-c', '300', '127.0.0.1');
    pair.left.run('ping', '-q', '-f', '-c', '200', pair.right.ipv6);
    const tally = await packets(driver, 1000);
    expect(tally.byInterface).toEqual({ lo: 600, left: 400 });
  });

  it('captures from several interfaces and no other', async () => {
    pair.left.run('ip', 'link', 'add', 'other', 'type', 'veth', 'peer', 'name', 'rehto');
    try {
      const driver = await capture({ interfaces: ['left', 'other'] });
      pair.left.run('ping', '-q', '-f', '-c', '300', '127.0.0.1');
      pair.left.run('ping', '-q', '-f', '-c', '200', pair.right.ipv4);
      const tally = await packets(driver, 400);
      expect(tally.byInterface).toEqual({ left: 400 });
      expect(driver.facts).toEqual([{ type: 'interface-down', interface: 'other', reason: 'down' }]);
    } finally {
      pair.left.run('ip', 'link', 'del', 'other');
    }
  });

  it.each([
    ['IPv4', '10.91.0.2'],
    ['IPv6', 'fd91::2'],
  ])("counts offloaded TCP over %s as segments: as many as the sender's TCP says it sent", async (_, address) => {
    const driver = await capture({ snaplen: 128 });
    const server = pair.right.spawn(['iperf3', '-s', '-1']);
    await sleep(300);
    const before = { buffers: pair.left.counter('tx_packets'), segments: tcpSegmentsSent() };
    pair.left.run('iperf3', '-c', address, '-n', '200M');
    server.kill();
    await sleep(100);
    const buffers = pair.left.counter('tx_packets') - before.buffers;
    const segments = tcpSegmentsSent() - before.segments;
    const tally = await driver.until<CaptureTally>('tally', ({ byType }) => byType[4] >= buffers);
    // Buffers are what a virtual interface counts; segments are what a card would have sent.
    expect(tally.byType[4]).toBe(buffers);
    expect(tally.outgoingSegments).toBe(segments);
    expect(segments).toBeGreaterThan(3 * buffers);
    expect(tally.checksumPending).toBeGreaterThan(0);
    expect(tally.statistics.droppedByKernel).toBe(0);
  });

  it('counts segments of offloaded UDP', async () => {
    const driver = await capture({ snaplen: 128 });
    const sender = await bundle('test/support/offload-sender.ts');
    pair.left.run(process.execPath, sender, pair.right.ipv4, '10', '60000', '1000');
    const tally = await packets(driver, 10);
    expect(tally.byType[4]).toBe(10);
    expect(tally.outgoingSegments).toBe(600);
    expect(tally.gsoUdp).toBe(10);
  });

  it('goes on when the interface goes down and comes back, and keeps what it counted', async () => {
    const driver = await capture();
    pair.left.run('ping', '-q', '-c', '2', '-i', '0.01', pair.right.ipv4);
    pair.left.run('ip', 'link', 'set', 'left', 'down');
    expect(await driver.fact('interface-down')).toBe(true);
    pair.left.run('ip', 'link', 'set', 'left', 'up');
    expect(await driver.fact('interface-up')).toBe(true);
    const before = await driver.ask<CaptureTally>('tally');
    pair.left.run(
      'ip',
      'neighbour',
      'replace',
      pair.right.ipv4,
      'lladdr',
      pair.right.mac,
      'dev',
      'left',
      'nud',
      'permanent',
    );
    pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', pair.right.ipv4);
    const tally = await packets(driver, before.packets + 10);
    expect(before.packets).toBeGreaterThanOrEqual(4);
    expect(tally.packets).toBeGreaterThanOrEqual(before.packets + 10);
  });

  it.each([
    ['one interface', ['left']],
    ['several interfaces', ['left', 'lo']],
    ['all interfaces', 'all'],
  ])('goes on with %s when one is removed and made anew under another index', async (_, interfaces) => {
    const driver = await capture({ interfaces });
    pair.left.run('ping', '-q', '-c', '2', '-i', '0.01', pair.right.ipv4);
    pair.left.run('ip', 'link', 'del', 'left');
    expect(await driver.fact('interface-down')).toBe(true);
    // Something else takes the next index, so that the new interface cannot get the old one.
    joinNamespaces(pair.left, pair.right);
    expect(await driver.fact('interface-up')).toBe(true);
    const before = await driver.ask<CaptureTally>('tally');
    pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', pair.right.ipv4);
    const tally = await packets(driver, before.packets + 10);
    expect(tally.packets).toBeGreaterThanOrEqual(before.packets + 10);
    expect(tally.interfaces.filter(({ name }) => name === 'left')).toHaveLength(1);
  });

  it('undoes promiscuous mode when it stops, also when it is killed', async () => {
    const promiscuity = (): string =>
      /promiscuity (\d+)/.exec(pair.left.run('ip', '-d', 'link', 'show', 'left'))?.[1] ?? '?';
    const driver = await capture({ promiscuous: true });
    expect(promiscuity()).toBe('1');
    await send('right', 1, udpFrame('', '02ffffffffff'));
    expect((await packets(driver, 1)).byType).toEqual({ 3: 1 });
    await driver.ask('stop');
    expect(promiscuity()).toBe('0');
    const killed = await capture({ promiscuous: true, interfaces: 'all' });
    expect(promiscuity()).toBe('1');
    killed.child.kill('SIGKILL');
    await new Promise((resolve) => killed.child.once('exit', resolve));
    await expect.poll(promiscuity).toBe('0');
  });

  it('replaces the pre-filter while packets come in, and says when the kernel refuses it', async () => {
    const driver = await capture();
    const nothing = '0600000000000000';
    expect(await driver.ask('prefilter', nothing)).toBeNull();
    pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', pair.right.ipv4);
    await sleep(100);
    expect((await driver.ask<CaptureTally>('tally')).packets).toBe(0);
    const long = `${'0000000000000000'.repeat(5000)}0600000000000000`;
    expect(await driver.ask('prefilter', long)).toMatch(/5007 instructions/);
    pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', pair.right.ipv4);
    expect((await packets(driver, 10)).packets).toBe(10);
    // What the program returns for a packet that it accepts does not shorten it.
    const one = '0600000001000000';
    expect(await driver.ask('prefilter', one)).toBeNull();
    pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', pair.right.ipv4);
    const tally = await packets(driver, 20);
    expect([tally.packets, tally.capturedBytes]).toEqual([20, 20 * 98]);
  });

  it('loses no packet while the pre-filter is replaced again and again', async () => {
    const driver = await capture({ interfaces: ['right'] }, 'right');
    const sent = send('left', 100_000, udpFrame());
    const everything = '0600000001000000';
    for (let i = 0; i < 100; i++) await driver.ask('prefilter', i % 2 === 0 ? everything : null);
    await sent;
    expect((await packets(driver, 100_000)).byType[0]).toBe(100_000);
  });

  it('can be started and stopped again and again without keeping memory or descriptors', async () => {
    const driver = await Driver.start('test/support/capture-driver.ts', pair.left);
    drivers.push(driver);
    const footprint = (): [number, number] => {
      const { pid } = driver.child;
      const descriptors = pair.left.run('ls', `/proc/${pid}/fd`).trim().split('\n').length;
      const mappings = pair.left.run('grep', '-c', 'socket:', `/proc/${pid}/maps`);
      return [descriptors, Number(mappings)];
    };
    let after: [number, number] | null = null;
    for (let i = 0; i < 5; i++) {
      await driver.ask('ring', PLAIN);
      const running = footprint();
      after ??= running;
      expect(running).toEqual(after);
      await driver.ask('stop');
    }
  });

  it('says which capability is missing', async () => {
    const driver = await Driver.start('test/support/capture-driver.ts', pair.left, [
      'setpriv',
      '--bounding-set=-all',
      '--inh-caps=-all',
      '--reuid=65534',
      '--clear-groups',
    ]);
    drivers.push(driver);
    await expect(driver.ask('ring', PLAIN)).rejects.toMatchObject({ code: 'E_CAPTURE_PERMISSION' });
  });

  it('names the interfaces there are when one is unknown', async () => {
    const driver = await Driver.start('test/support/capture-driver.ts', pair.left);
    drivers.push(driver);
    await expect(driver.ask('ring', { ...PLAIN, interfaces: ['eth9'] })).rejects.toMatchObject({
      code: 'E_INTERFACE_UNKNOWN',
      target: 'eth9',
      remedy: expect.stringContaining('left') as string,
    });
  });

  it('answers messages while packets come faster than they are consumed, and loses none that fit the ring', async () => {
    const driver = await capture({ interfaces: ['right'] }, 'right');
    await driver.ask('burden', 20);
    const sent = send('left', 100_000, udpFrame());
    let longest = 0;
    for (let i = 0; i < 30; i++) {
      const before = performance.now();
      await driver.ask('hello');
      longest = Math.max(longest, performance.now() - before);
      await sleep(20);
    }
    await sent;
    expect(longest).toBeLessThan(100);
    expect((await packets(driver, 100_000)).byType[0]).toBe(100_000);
  });
});
