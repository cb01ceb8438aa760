// What the processes of a run may still do, and what works with that: an engine that was started as root in a namespace
// and became somebody else; the built program by an ordinary user. Every thread is looked at.
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { EngineOptions, FilterProbe, Snapshot } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { Driver } from '../support/driver.ts';
import { fileEngineOptions } from '../support/file-engine.ts';
import { preparedFilter } from '../support/filters.ts';
import {
  createNamespacePair,
  joinNamespaces,
  type NamespacePair,
  namespacesUnavailable,
} from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, processTree, ROOT, temporaryHome } from '../support/program.ts';

const unavailable = namespacesUnavailable();
const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534, groups: [65_534] };
const NET_RAW = '0000000000002000';
const NONE = '0000000000000000';
const QUERY: Query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: { panel: 'all' } };

/** One field of the status of each thread: all values there are. */
function statusOf(pid: number, field: string): string[] {
  const values = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    return new RegExp(`^${field}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1].replaceAll('\t', ' ') ?? '?';
  });
  return [...new Set(values)].sort();
}

const isNode = (pid: number): boolean => readFileSync(`/proc/${pid}/comm`, 'latin1') !== 'ip\n';

describe.skipIf(unavailable !== null)(`after privileges were given up (${unavailable ?? 'in namespaces'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-privileges-'));
  let pair: NamespacePair;
  let drivers: Driver[] = [];

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('priv');
  });
  afterEach(async () => {
    await Promise.all(drivers.map((driver) => driver.end()));
    drivers = [];
  });
  afterAll(() => {
    pair?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startEngine(capture: 'ring' | 'pcap', changes: Partial<EngineOptions> = {}): Promise<Driver> {
    const driver = await Driver.start('test/support/engine-driver.ts', pair.left, [], [join(ROOT, 'dist/engine.js')]);
    drivers.push(driver);
    const source: EngineOptions['source'] = { kind: 'live', interfaces: ['left'], capture, promiscuous: true };
    const options = { ...fileEngineOptions('', ['ip-traffic']), source, rateWindow: 1, runAs: NOBODY, ...changes };
    await driver.ask('start', options);
    return driver;
  }

  /** The engine and its children: the driver's process is root's. */
  const engineOf = (driver: Driver): number[] =>
    processTree(driver.child.pid ?? 0)
      .filter(isNode)
      .slice(1);

  const page = (driver: Driver): Promise<Snapshot<IpTrafficRow>> => driver.ask('page', ['ip-traffic', QUERY]);
  const ping = (count: number): string => pair.right.run('ping', '-qc', String(count), '-i', '0.02', pair.left.ipv4);

  /** Until so many packets were counted. */
  async function counted(driver: Driver, packets: number): Promise<void> {
    await expect
      .poll(async () => (await page(driver)).totals.packets, { timeout: 8000 })
      .toBeGreaterThanOrEqual(packets);
  }

  async function takeDownAndUp(driver: Driver): Promise<void> {
    pair.left.run('ip', 'link', 'del', 'left');
    await expect.poll(async () => (await page(driver)).interfaces[0]?.up, { timeout: 8000 }).toBe(false);
    joinNamespaces(pair.left, pair.right);
    await expect.poll(async () => (await page(driver)).interfaces[0]?.up, { timeout: 8000 }).toBe(true);
    await expect
      .poll(() => spawnSync('ip', ['netns', 'exec', pair.right.name, 'ping', '-c1', '-W1', pair.left.ipv4]).status)
      .toBe(0);
  }

  it('the engine is nobody in every thread, and may do one thing in one of them', async () => {
    const [engine] = engineOf(await startEngine('ring'));
    expect(statusOf(engine, 'Uid')).toEqual(['65534 65534 65534 65534']);
    expect(statusOf(engine, 'Gid')).toEqual(['65534 65534 65534 65534']);
    expect(statusOf(engine, 'Groups')).toEqual(['65534']);
    for (const set of ['CapEff', 'CapPrm', 'CapInh']) expect(statusOf(engine, set), set).toEqual([NONE, NET_RAW]);
    expect(statusOf(engine, 'CapAmb')).toEqual([NONE]);
    const main = readFileSync(`/proc/${engine}/status`, 'latin1');
    expect(main).toMatch(/^CapBnd:\s0000000000002000$/m);
    expect(main).toMatch(/^NoNewPrivs:\s1$/m);
    // Of another of nobody's processes nothing of it can be read.
    expect(statSync(`/proc/${engine}/fd`).uid).toBe(0);
  });

  it('the engine still captures on an interface that comes back, filters, probes, and goes on with -w', async () => {
    const writePath = join(folder, 'w.pcapng');
    const driver = await startEngine('ring', { writePath });
    expect(statSync(writePath).uid).toBe(0);
    ping(5);
    await counted(driver, 10);
    await takeDownAndUp(driver);
    expect(pair.left.run('ip', '-d', 'link', 'show', 'left')).toMatch(/promiscuity [1-9]/);
    const before = (await page(driver)).totals.packets;
    ping(5);
    await counted(driver, before + 10);

    await driver.ask('probe', preparedFilter(['include icmp']));
    await driver.ask('filter', preparedFilter(['include udp']));
    ping(5);
    const probe = await driver.until<FilterProbe>('read-probe', ({ matched }) => matched >= 10);
    expect(probe).toMatchObject({ matched: expect.any(Number), exact: true });
    expect(probe.matched).toBeGreaterThanOrEqual(10);
    expect((await page(driver)).capture).toMatchObject({ kernelFilterRefusal: null, droppedByKernel: 0 });

    const written = statSync(writePath).size;
    await driver.ask('filter', null);
    ping(5);
    await driver.ask('stop');
    expect(statSync(writePath).size).toBeGreaterThan(written);
  });

  it('libpcap captures as nobody, also when its process is started again', async () => {
    const driver = await startEngine('pcap');
    const children = (): number[] => engineOf(driver).slice(1);
    const [first] = children();
    for (const _ of ['at first', 'again']) {
      const [child] = children();
      expect(statusOf(child, 'Uid')).toEqual(['65534 65534 65534 65534']);
      expect(statusOf(child, 'CapPrm')).toEqual([NET_RAW]);
      const before = (await page(driver)).totals.packets;
      ping(5);
      await counted(driver, before + 10);
      if (child === first) await takeDownAndUp(driver);
    }
    expect(children()).not.toContain(first);
  });

  it('a file that root alone may read is read on, and nothing else is left', async () => {
    const path = join(folder, 'secret.pcapng');
    copyFileSync(join(ROOT, 'test/fixtures/mixed.pcapng'), path);
    chmodSync(path, 0o600);
    const driver = await startEngine('ring', { source: { kind: 'file', path }, rateWindow: 3600 });
    await counted(driver, 1);
    const [engine] = engineOf(driver);
    expect(statusOf(engine, 'Uid')).toEqual(['65534 65534 65534 65534']);
    for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb']) expect(statusOf(engine, set), set).toEqual([NONE]);
  });

  it('a user that cannot be is no reason to go on as root', async () => {
    const runAs = { name: 'ghost', uid: 4_294_967_295, gid: 65_534, groups: [65_534] };
    await expect(startEngine('ring', { runAs })).rejects.toMatch(/cannot become user ghost: it does not exist/);
  });

  describe('the built program', () => {
    let home: ProgramHome;
    const runs: ChildProcess[] = [];

    beforeEach(() => {
      home = temporaryHome();
      home.env.IPTRAF_TS_RUN_DIR = join(folder, 'run');
    });
    afterEach(async () => {
      for (const run of runs.splice(0)) {
        run.kill('SIGTERM');
        if (run.exitCode === null && run.signalCode === null) await once(run, 'exit');
      }
      home.remove();
    });

    function start(wrapper: string[], ...options: string[]): ChildProcess {
      const env = { ...process.env, ...home.env };
      const run = pair.left.spawn([...wrapper, process.execPath, PROGRAM, ...options], { env });
      run.stderr?.resume();
      runs.push(run);
      return run;
    }

    /** Snapshots as they come; answers when one is as wanted. */
    async function snapshotOf(run: ChildProcess, wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
      for await (const line of createInterface({ input: run.stdout as Readable })) {
        const snapshot = JSON.parse(line) as Snapshot;
        if (wanted(snapshot)) return snapshot;
      }
      throw new Error('the program ended before');
    }

    const processesOf = (run: ChildProcess): number[] => processTree(run.pid ?? 0).filter(isNode);

    it('captures and writes with CAP_NET_RAW alone, by any user', async () => {
      chmodSync(folder, 0o777);
      const path = join(folder, 'ambient.pcapng');
      const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
      const capable = ['--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--bounding-set=-all,+net_raw'];
      const run = start(['setpriv', ...nobody, ...capable], '-i', 'left', '--json', '--every', '0.3', '-w', path);
      await snapshotOf(run, () => true);
      ping(5);
      await snapshotOf(run, ({ totals }) => totals.packets >= 10);
      const owners = processesOf(run).map((pid) => statusOf(pid, 'Uid'));
      expect(owners).toEqual([['65534 65534 65534 65534'], ['65534 65534 65534 65534']]);
      run.kill('SIGTERM');
      await once(run, 'exit');
      expect(statSync(path)).toMatchObject({ uid: 65_534, mode: 0o100640 });
      expect(statSync(path).size).toBeGreaterThan(10 * 98);
    });

    it('becomes the user of --user, with its engine', async () => {
      const log = join(folder, 'text.log');
      const run = start([], '-i', 'left', '--json', '--every', '0.3', '--user', 'daemon', '-L', log);
      await snapshotOf(run, () => true);
      const [front, engine] = processesOf(run);
      await expect.poll(() => statusOf(front, 'Uid')).toEqual(['1 1 1 1']);
      expect(statusOf(front, 'CapPrm')).toEqual([NONE, NET_RAW]);
      expect(statusOf(front, 'CapAmb')).toEqual([NONE]);
      expect(statusOf(engine, 'Uid')).toEqual(['1 1 1 1']);
      expect(statusOf(engine, 'CapPrm')).toEqual([NONE, NET_RAW]);
      ping(5);
      expect((await snapshotOf(run, ({ totals }) => totals.packets >= 10)).capture.droppedByKernel).toBe(0);
      expect(statSync(log).uid).toBe(1);
    });

    it('as --user, starts a lost engine again that still captures', async () => {
      const log = join(folder, 'daemon.log');
      const options = ['-B', '--foreground', '-g', '-I', '0.005', '--user', 'daemon', '-L', log];
      const run = start([], ...options);
      await expect
        .poll(() => processesOf(run).map((pid) => statusOf(pid, 'Uid')), { timeout: 8000 })
        .toEqual([['1 1 1 1'], ['1 1 1 1']]);
      const [, lost] = processesOf(run);
      process.kill(lost, 'SIGKILL');
      await expect.poll(() => processesOf(run).filter((pid) => pid !== lost), { timeout: 8000 }).toHaveLength(2);
      const [front, engine] = processesOf(run);
      const records = (): number => readFileSync(log, 'utf8').split('\n').length;
      const before = records();
      await expect.poll(records, { timeout: 8000 }).toBeGreaterThan(before + 2);
      expect(engine).not.toBe(lost);
      expect([front, engine].map((pid) => statusOf(pid, 'Uid'))).toEqual([['1 1 1 1'], ['1 1 1 1']]);
      expect(readFileSync(`/proc/${engine}/status`, 'latin1')).toMatch(/^CapEff:\s0000000000002000$/m);
      expect(statSync(log).uid).toBe(1);
    });

    it('goes on as root without the right to become somebody else, as in a container, and says so where it was asked', () => {
      const contained = ['setpriv', '--bounding-set=-all,+net_raw', '--inh-caps=-all'];
      const once = [process.execPath, PROGRAM, '-i', 'left', '--json', '--for', '0.3'];
      const run = (...options: string[]) =>
        spawnSync('ip', ['netns', 'exec', pair.left.name, ...contained, ...once, ...options], {
          encoding: 'utf8',
          env: { ...process.env, ...home.env },
        });
      expect(run().status).toBe(0);
      const refused = run('--user', 'daemon');
      expect(refused).toMatchObject({ status: 77, stdout: '' });
      expect(refused.stderr).toBe('iptraf-ts: cannot become user daemon: CAP_SETUID and CAP_SETGID are missing\n');
      expect(run('--user', 'no-such-user')).toMatchObject({ status: 2, stdout: '' });
    });
  });
});
