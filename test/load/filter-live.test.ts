// Filters on a live capture, by the engine process in a namespace: what is changed under full speed, what the kernel
// counts of a candidate, what the capture says of itself meanwhile.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NumberRange, PreparedFilter, PreparedRule } from '../../filters/prepared.ts';
import type { GeneralRow } from '../../screens/general/types.ts';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { EngineOptions, FilterProbe, Snapshot } from '../../src/engine/messages.ts';
import type { MonitorName, Query } from '../../src/engine/monitor.ts';
import { IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { bundle } from '../support/bundle.ts';
import { Driver } from '../support/driver.ts';
import type { Churn } from '../support/engine-driver.ts';
import { fileEngineOptions } from '../support/file-engine.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { processTree, ROOT } from '../support/program.ts';
import { ANY, preparedRule } from '../support/random-filter.ts';

const unavailable = namespacesUnavailable();
/** As many conversations as the sender has frames in a batch: each gets as many packets as any other. */
const CONVERSATIONS = 64;
/** Source port of the sender's second conversation, which is UDP. */
const MARKED = 1025;

const QUERY: Query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: { panel: 'all' } };

function filterOf(text: string, rules: Partial<PreparedRule>[], unmatched: 'drop' | 'keep' = 'drop'): PreparedFilter {
  return { text, rules: rules.map((rule) => preparedRule(rule)), unmatched, local: [] };
}

const ports = (...ranges: NumberRange[]): Partial<PreparedRule> => ({ destination: { ...ANY, ports: ranges } });
const udpOnly: Partial<PreparedRule> = {
  protocols: { ip: [[IP_PROTOCOL.udp, IP_PROTOCOL.udp]], networks: [], etherTypes: [] },
};
const ONE_FLOW = filterOf('one flow', [ports([MARKED, MARKED])]);

/** More instructions than the kernel takes: every rule asks for other ports. */
const LONG = filterOf('long', [
  ...Array.from({ length: 600 }, (_, n) => ports([20_000 + 2 * n, 20_000 + 2 * n], [40_000 + 2 * n, 40_000 + 2 * n])),
  ports([MARKED, MARKED]),
]);

/** What all of them let through is the marked flow, and some of its neighbours. */
const TURNS: PreparedFilter[] = [
  ONE_FLOW,
  filterOf('few', [ports([MARKED, MARKED + 6])]),
  filterOf('UDP, few', [{ ...udpOnly, ...ports([MARKED, MARKED + 12]) }]),
  filterOf('not the others', [{ include: false, ...ports([0, MARKED - 1], [MARKED + 4, 5000]) }], 'keep'),
  filterOf('not TCP', [{ ...ports([443, 443]), include: false }, ports([MARKED - 1, MARKED + 3])]),
  filterOf('by interface', [{ ...ports([MARKED, MARKED]), interfaces: ['ri*'] }]),
];

interface SenderReport {
  sent: number;
  seconds: number;
}

describe.skipIf(unavailable !== null)(`filters on a live capture (${unavailable ?? 'in namespaces'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-filter-'));
  const sender = join(folder, 'sender');
  let pair: NamespacePair;
  let drivers: Driver[] = [];

  beforeAll(async () => {
    execFileSync('cc', ['-O2', '-o', sender, join(ROOT, 'scripts/bench/sender.c')]);
    pair = await createNamespacePair('filter');
  });
  afterEach(async () => {
    await Promise.all(drivers.map((driver) => driver.end()));
    drivers = [];
  });
  afterAll(() => {
    pair?.dispose();
    rmSync(folder, { recursive: true });
  });

  async function capture(changes: Partial<EngineOptions>, interfaces: string[] | 'all' = ['right']): Promise<Driver> {
    const engine = await bundle('src/engine/engine-process.ts');
    const driver = await Driver.start('test/support/engine-driver.ts', pair.right, [], [engine]);
    drivers.push(driver);
    const source: EngineOptions['source'] = { kind: 'live', interfaces, capture: 'ring', promiscuous: false };
    await driver.ask('start', { ...fileEngineOptions('', ['ip-traffic']), source, rateWindow: 1, ...changes });
    return driver;
  }

  /** Frames of 64 conversations, TCP and UDP in turn; 0 packets a second: as fast as it goes. */
  function startSending(packetsPerSecond: number, seconds: number): { stop(): void; report: Promise<SenderReport> } {
    const { left, right } = pair;
    const traffic = ['mixed', CONVERSATIONS, packetsPerSecond, seconds].map(String);
    const child = left.spawn([sender, 'send', left.interface, right.mac, ...traffic]);
    const report = new Promise<SenderReport>((resolve, reject) => {
      let text = '';
      child.stdout?.on('data', (chunk) => {
        text += chunk;
      });
      child.once('close', () => (text === '' ? reject(new Error('the sender failed')) : resolve(JSON.parse(text))));
    });
    return { report, stop: () => child.kill('SIGTERM') };
  }

  const send = (packetsPerSecond: number, seconds: number): Promise<SenderReport> =>
    startSending(packetsPerSecond, seconds).report;

  const page = <Row>(driver: Driver, monitor: MonitorName = 'ip-traffic'): Promise<Snapshot<Row>> =>
    driver.ask('page', [monitor, QUERY]);

  /** Packets of the marked flow. */
  async function marked(driver: Driver): Promise<number> {
    const { rows } = await page<IpTrafficRow>(driver);
    const flows = rows.filter(({ endpoints }) => endpoints.some(({ port }) => port === MARKED));
    return flows.reduce((sum, { packets }) => sum + packets[0] + packets[1], 0);
  }

  const settled = (): Promise<unknown> => sleep(500);

  it('changes a hundred times at full speed and loses no packet that every filter lets through', async () => {
    const driver = await capture({ filter: TURNS[0] });
    const before = pair.right.counter('rx_packets');
    const sending = startSending(0, 50);
    await sleep(300);
    await driver.ask('churn', { filters: TURNS, times: 100, milliseconds: 30 } satisfies Churn);
    sending.stop();
    const { sent } = await sending.report;
    await settled();
    expect(pair.right.counter('rx_packets') - before).toBe(sent);
    // The sender may have been stopped in the middle of a round.
    const share = sent / CONVERSATIONS;
    expect([Math.floor(share), Math.ceil(share)]).toContain(await marked(driver));
    const { capture: figures, totals } = await page(driver);
    expect(figures).toMatchObject({ droppedByKernel: 0, filter: TURNS[99 % TURNS.length].text });
    expect(totals.packets).toBeGreaterThan(share);
    expect(totals.packets).toBeLessThan(sent / 4);
  });

  it('says what share a filter lets through, and compares with the kernel again when it is gone', async () => {
    const driver = await capture({ monitors: ['ip-traffic', 'general'], filter: ONE_FLOW });
    const general = async (): Promise<GeneralRow | undefined> =>
      (await page<GeneralRow>(driver, 'general')).rows.find((row) => row.interface === 'right');
    // The sender's bursts of 64 packets must be less than what may be on its way when counters are read: 3 ms of traffic.
    const sending = send(60_000, 9);
    await sleep(3500);
    const filtered = (await page(driver)).capture;
    expect(filtered).toMatchObject({ filter: 'one flow', coverage: null, kernelFilterRefusal: null });
    expect((filtered.passed ?? 0) * CONVERSATIONS).toBeGreaterThan(0.9);
    expect((filtered.passed ?? 0) * CONVERSATIONS).toBeLessThan(1.1);
    expect(await general()).toMatchObject({ captured: null, missed: null });
    await driver.ask('filter', null);
    await sleep(4000);
    const { capture: whole } = await page(driver);
    expect(whole).toMatchObject({ filter: null, passed: null, droppedByKernel: 0 });
    // A busy machine hands packets on some milliseconds after its counters have them.
    expect(whole.coverage).toBeGreaterThan(0.995);
    const row = await general();
    expect(row).toMatchObject({ missed: 0 });
    expect(row?.kernel?.rxPackets).toBeGreaterThan(row?.captured?.[0] ?? Number.POSITIVE_INFINITY);
    await sending;
  });

  it('goes on in user space where the kernel refuses the program, and says why', async () => {
    const driver = await capture({ filter: LONG });
    const { sent } = await send(20_000, 1);
    await settled();
    const { capture: figures } = await page(driver);
    expect(figures.kernelFilterRefusal).toMatch(/^\d+ instructions; the kernel takes 4096$/);
    expect(await marked(driver)).toBe(sent / CONVERSATIONS);
    expect(figures.filteredOut).toBe(sent - sent / CONVERSATIONS);
    await driver.ask('probe', LONG);
    await send(20_000, 1);
    const probe = await driver.ask<FilterProbe>('read-probe');
    expect(probe).toMatchObject({ exact: false, matched: probe.seen });
    expect(probe.seen).toBeGreaterThan(0);
  });

  describe('a probe', () => {
    it('counts exactly what a candidate would let through, whatever filter holds now', async () => {
      const driver = await capture({ filter: filterOf('nothing', []) });
      expect(await driver.ask('read-probe')).toBeNull();
      await driver.ask('probe', ONE_FLOW);
      const { sent } = await send(20_000, 2);
      const probe = await driver.ask<FilterProbe>('read-probe');
      expect(probe).toMatchObject({ matched: sent / CONVERSATIONS, seen: sent, exact: true });
      expect(probe.seconds).toBeGreaterThan(1.9);
      expect((await page(driver)).totals.packets).toBe(0);
      // Another candidate begins at zero.
      await driver.ask('probe', filterOf('few', [ports([MARKED, MARKED + 3])]));
      const { sent: again } = await send(20_000, 1);
      expect(await driver.ask('read-probe')).toMatchObject({ matched: (again / CONVERSATIONS) * 4, seen: again });
    });

    it.each([
      ['loopback', ['lo'], 10],
      ['several interfaces', ['lo', 'right'], 10],
      ['one of two', ['right'], 0],
      ['all', 'all', 10],
    ] as const)('sees what the capture sees: %s, each packet of loopback once', async (_, interfaces, packets) => {
      const driver = await capture({}, interfaces === 'all' ? 'all' : [...interfaces]);
      const icmp = { ip: [[1, 1]] as NumberRange[], networks: [], etherTypes: [] };
      await driver.ask('probe', filterOf('ping', [{ protocols: icmp }]));
      pair.right.run('ping', '-q', '-c', '5', '-i', '0.05', '127.0.0.1');
      await settled();
      const probe = await driver.ask<FilterProbe>('read-probe');
      expect([probe.matched, probe.seen]).toEqual([packets, packets]);
      expect((await page(driver)).totals.packets).toBe(packets);
    });

    it('keeps no socket when it is replaced or ended', async () => {
      const driver = await capture({});
      const descriptors = (): number =>
        processTree(driver.child.pid ?? 0).reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
      const before = descriptors();
      for (let n = 0; n < 20; n++) await driver.ask('probe', TURNS[n % TURNS.length]);
      expect(descriptors()).toBe(before + 2);
      await driver.ask('probe', null);
      expect(descriptors()).toBe(before);
      expect(await driver.ask('read-probe')).toBeNull();
    });
  });
});
