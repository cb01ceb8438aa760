import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../support/bundle.ts';
import type { CaptureTally } from '../support/capture-driver.ts';
import { Driver } from '../support/driver.ts';
import {
  createNamespacePair,
  joinNamespaces,
  type NamespacePair,
  namespacesUnavailable,
} from '../support/namespaces.ts';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';

const addon = new URL('../../node_modules/pcap/build/Release/pcap_binding.node', import.meta.url);
const unavailable = namespacesUnavailable() ?? (existsSync(addon) ? null : 'the pcap package is not built');
const title = unavailable === null ? 'libpcap source in namespaces' : `libpcap source (skipped: ${unavailable})`;

describe.skipIf(unavailable !== null)(title, () => {
  let pair: NamespacePair;
  let childPath: string;
  let drivers: Driver[] = [];

  beforeAll(async () => {
    childPath = await bundle('src/capture/pcap/pcap-child.ts');
    pair = await createNamespacePair('pcap');
  });
  afterAll(() => pair?.dispose());
  afterEach(async () => {
    await Promise.all(drivers.map((driver) => driver.end()));
    drivers = [];
  });

  async function startDriver(wrapper: string[] = []): Promise<Driver> {
    const driver = await Driver.start('test/support/capture-driver.ts', pair.left, wrapper);
    drivers.push(driver);
    return driver;
  }

  async function capture(device = 'left', options: object = {}): Promise<Driver> {
    const driver = await startDriver();
    await driver.ask('pcap', { interface: device, promiscuous: false, snaplen: 256, childPath, ...options });
    return driver;
  }

  const packets = (driver: Driver, count: number): Promise<CaptureTally> =>
    driver.until<CaptureTally>('tally', (tally) => tally.packets >= count);

  /** Processes of the driver's own: the libpcap child. */
  function childrenOf(driver: Driver): string[] {
    const ps = pair.left.run('ps', '-o', 'pid=', '--ppid', String(driver.child.pid));
    return ps.trim().split(/\s+/);
  }

  it('counts each packet of a ping flood once', async () => {
    const driver = await capture();
    pair.left.run('ping', '-q', '-f', '-c', '5000', pair.right.ipv4);
    const tally = await packets(driver, 10_000);
    expect(tally.packets).toBe(10_000);
    expect(tally.wireBytes).toBe(10_000 * 98);
    expect(tally.byLinkType).toEqual({ 1: 10_000 });
    const counted = await driver.until<CaptureTally>('tally', ({ statistics }) => statistics.received === 10_000);
    expect(counted.statistics).toEqual({ received: 10_000, droppedByKernel: 0, droppedByInterface: 0, freezes: null });
  });

  it('tells the direction of packets of "any", and counts loopback once', async () => {
    const driver = await capture('any');
    pair.left.run('ping', '-q', '-f', '-c', '100', '127.0.0.1');
    pair.left.run('ping', '-q', '-f', '-c', '50', pair.right.ipv4);
    const tally = await packets(driver, 300);
    expect(tally.byLinkType).toEqual({ 113: 300 });
    expect(tally.byType).toEqual({ 0: 250, 4: 50 });
  });

  it('keeps at most snaplen bytes and tells the whole length', async () => {
    const driver = await capture('left', { snaplen: 60 });
    pair.left.run('ping', '-q', '-c', '3', '-i', '0.01', '-s', '1000', pair.right.ipv4);
    const tally = await packets(driver, 6);
    expect(tally.longestCapture).toBe(60);
    expect(tally.wireBytes).toBe(6 * 1042);
  });

  it('receives what a raw sender sends at full speed, or says how much it dropped', async () => {
    const driver = await capture();
    const sender = await bundle('test/support/raw-sender.ts');
    const frame = `0200000091010200000091020800${'45'.padEnd(92, '0')}`;
    pair.right.run(process.execPath, sender, 'right', '200000', frame);
    const tally = await driver.until<CaptureTally>(
      'tally',
      ({ packets, statistics }) => packets + (statistics.droppedByKernel ?? 0) >= 200_000,
    );
    expect(tally.packets + (tally.statistics.droppedByKernel ?? 0)).toBe(200_000);
    expect(tally.packets).toBeGreaterThan(100_000);
  });

  it('goes on when its interface is removed and made anew', async () => {
    const driver = await capture();
    pair.left.run('ping', '-q', '-c', '2', '-i', '0.01', pair.right.ipv4);
    await packets(driver, 4);
    pair.left.run('ip', 'link', 'del', 'left');
    expect(await driver.fact('interface-down')).toBe(true);
    await sleep(700);
    joinNamespaces(pair.left, pair.right);
    expect(await driver.fact('interface-up')).toBe(true);
    const before = await driver.ask<CaptureTally>('tally');
    pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', pair.right.ipv4);
    const tally = await packets(driver, before.packets + 10);
    expect(tally.packets).toBeGreaterThanOrEqual(before.packets + 10);
    expect(driver.facts.map(({ type }) => type)).not.toContain('capture-failed');
  });

  it('goes on when its interface goes down and comes back', async () => {
    const driver = await capture();
    pair.left.run('ip', 'link', 'set', 'left', 'down');
    expect(await driver.fact('interface-down')).toBe(true);
    pair.left.run('ip', 'link', 'set', 'left', 'up');
    expect(await driver.fact('interface-up')).toBe(true);
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
    const before = await driver.ask<CaptureTally>('tally');
    pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', pair.right.ipv4);
    const tally = await packets(driver, before.packets + 10);
    expect(tally.packets).toBeGreaterThanOrEqual(before.packets + 10);
  });

  it('reports a child that was killed as a failed capture', async () => {
    const driver = await capture();
    process.kill(Number(childrenOf(driver)[0]), 'SIGKILL');
    expect(await driver.fact('capture-failed')).toBe(true);
    expect(await driver.fact('end')).toBe(true);
  });

  it('leaves no child behind when it stops and when its process is killed', async () => {
    const driver = await capture();
    expect(childrenOf(driver)).toHaveLength(1);
    await driver.ask('stop');
    expect(() => childrenOf(driver)).toThrow();
    const killed = await capture();
    const flood = pair.right.spawn(['ping', '-q', '-f', '-w', '3', pair.left.ipv4]);
    const [child] = childrenOf(killed);
    killed.child.kill('SIGKILL');
    await expect.poll(() => existsSync(`/proc/${child}`), { timeout: 2000 }).toBe(false);
    flood.kill();
  });

  describe('in the place of the ring', () => {
    let withoutRing: string;

    beforeAll(async () => {
      buildProgram();
      withoutRing = await bundle('test/support/without-ring.ts');
    });

    /** Lines of --json until the program ends. */
    async function lines(wrapper: string[], ...options: string[]): Promise<Record<string, unknown>[]> {
      const child = pair.left.spawn([...wrapper, process.execPath, PROGRAM, '--json', '--for', '1.5', ...options]);
      let text = '';
      (child.stdout as Readable).on('data', (chunk) => {
        text += chunk;
      });
      await once(child, 'close');
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    }

    const noRing = (): string[] => [process.execPath, withoutRing];
    const fallback = { type: 'capture-fallback', source: 'pcap' };

    it('captures where the ring cannot be mapped, and says so', async () => {
      const watching = lines(noRing(), '-i', 'left');
      const ping = pair.left.spawn(['ping', '-q', '-i', '0.02', pair.right.ipv4]);
      const [first, ...snapshots] = await watching;
      ping.kill();
      expect(first).toMatchObject({ ...fallback, reason: expect.stringContaining('mmap: ENOMEM') });
      expect(snapshots.at(-1)).toMatchObject({
        capture: { source: 'pcap', droppedByKernel: 0 },
        rows: [{ protocol: 'icmp' }],
      });
    });

    it('refuses a filter that libpcap cannot decide, as it would without the ring', () => {
      const home = temporaryHome();
      const env = { ...process.env, ...home.env };
      for (const [name, rule] of [
        ['in', 'include incoming'],
        ['left', 'include on left'],
      ]) {
        execFileSync(process.execPath, [PROGRAM, 'filter', 'add', name, rule], { env });
      }
      const run = (filter: string, ...options: string[]): { status: number | null; stderr: string } => {
        const words = [...noRing(), process.execPath, PROGRAM, '--json', '--for', '1', '--filter', filter, ...options];
        return spawnSync('ip', ['netns', 'exec', pair.left.name, ...words], { env, encoding: 'utf8' });
      };
      const incoming = run('in', '-i', 'left');
      expect(incoming.stderr).toContain('cannot apply filter in: rule 1: these packets tell no direction (say --local');
      const onLeft = run('left', '-i', 'all');
      expect(onLeft.stderr).toContain('cannot apply filter left: rule 1: these packets tell no interface (watch one');
      const withNetworks = run('in', '-i', 'left', '--local', '10.0.0.0/8');
      home.remove();
      expect([incoming, onLeft, withNetworks].map(({ status }) => status)).toEqual([2, 2, 0]);
    });

    it('reads an interface whose kind of link the ring does not know', async () => {
      const link = pair.left.spawn([process.execPath, await bundle('test/support/odd-link.ts')]);
      await once(link.stdout as Readable, 'data');
      const [first, ...snapshots] = await lines([], '-i', 'odd0');
      link.kill();
      expect(first).toMatchObject({ ...fallback, reason: expect.stringContaining('4711') });
      expect(snapshots.at(-1)).toMatchObject({
        capture: { source: 'pcap', malformed: 0 },
        rows: [{ protocol: 'udp', endpoints: [{ address: '10.99.0.2', port: 9 }, { address: '10.99.0.1' }] }],
      });
    });
  });

  it('says what is wrong: no permission, no such interface, no package', async () => {
    const nobody = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--reuid=65534', '--clear-groups'];
    const unprivileged = await startDriver(nobody);
    const options = { interface: 'left', promiscuous: false, snaplen: 256, childPath };
    await expect(unprivileged.ask('pcap', options)).rejects.toMatchObject({ code: 'E_CAPTURE_PERMISSION' });
    const driver = await startDriver();
    await expect(driver.ask('pcap', { ...options, interface: 'eth9' })).rejects.toMatchObject({
      code: 'E_INTERFACE_UNKNOWN',
    });
    expect(await driver.ask('pcap-available', childPath)).toBeNull();
    // Outside of the repository the package is not found.
    const elsewhere = `/tmp/pcap-child-${process.pid}.mjs`;
    pair.left.run('cp', childPath, elsewhere);
    try {
      expect(await driver.ask('pcap-available', elsewhere)).toMatch(/Cannot find module.*npm rebuild pcap/);
      await expect(driver.ask('pcap', { ...options, childPath: elsewhere })).rejects.toMatchObject({
        code: 'E_CAPTURE_UNAVAILABLE',
      });
    } finally {
      pair.left.run('rm', elsewhere);
    }
  });
});
