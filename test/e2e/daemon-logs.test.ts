/** -B with real traffic: what its logs say is what was sent and what the kernel counted. Needs root for namespaces. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isLogLine } from '../support/log-schema.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, processTree, temporaryHome } from '../support/program.ts';
import { takeDatagrams } from '../support/udp-sink.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/mixed.pcapng');

/** IP bytes of ping's packets: header, ICMP header, 56 bytes. */
const PING_IPV4 = 20 + 8 + 56;
const PING_IPV6 = 40 + 8 + 56;
const DATAGRAMS = 25;
/** IPv4 header, UDP header, "hello". */
const DATAGRAM_BYTES = 20 + 8 + 5;

interface Line {
  time: string;
  event: string;
  monitor: string | null;
  interface: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: records of every kind.
  [fact: string]: any;
}

let home: ProgramHome;
let env: NodeJS.ProcessEnv;
let logs: string;

beforeAll(() => buildProgram());

beforeEach(() => {
  home = temporaryHome();
  logs = home.env.IPTRAF_TS_LOG_DIR;
  env = { ...process.env, ...home.env, IPTRAF_TS_RUN_DIR: join(dirname(logs), 'run') };
});

afterEach(() => home.remove());

function read(name: string): string {
  const path = join(logs, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Records that are whole. */
function lines(name = 'x.log'): Line[] {
  const whole = read(name).split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as Line);
}

async function until(holds: () => boolean, what: string | (() => string)): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${typeof what === 'string' ? what : what()}`);
    await sleep(50);
  }
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

function has(event: string, name = 'x.log', monitor?: string): boolean {
  return lines(name).some((line) => line.event === event && (monitor === undefined || line.monitor === monitor));
}

const unavailable = namespacesUnavailable();
const reason = unavailable === null ? '' : ` (not run: ${unavailable})`;

describe.skipIf(unavailable !== null)(`-B in a namespace${reason}`, () => {
  let pair: NamespacePair;
  let child: ChildProcess | null = null;

  beforeAll(async () => {
    pair = await createNamespacePair('dlogs');
    await takeDatagrams(pair.right, 5300);
  });
  afterAll(() => pair.dispose());
  afterEach(() => child?.kill('SIGKILL'));

  /** Starts the program in the left namespace; ready when its first records are there. */
  async function start(first: string, ...argv: string[]): Promise<ChildProcess> {
    child = pair.left.spawn([process.execPath, PROGRAM, '-B', '--foreground', ...argv], { env });
    await until(() => read(first).includes('started'), `records in ${first}`);
    return child;
  }

  function ping(count: number, address = pair.right.ipv4): void {
    pair.left.run('ping', '-q', '-c', String(count), '-i', '0.005', address);
  }

  function sendDatagrams(): void {
    const send = `for i in $(seq ${DATAGRAMS}); do echo -n hello >/dev/udp/${pair.right.ipv4}/5300; done`;
    pair.left.run('bash', '-c', send);
  }

  it('several monitors in one file: their figures are what was sent and what the interface counted', async () => {
    const six = ['-i', 'left', '-g', '-d', 'left', '-z', 'left', '-s', 'left', '-l', 'left'];
    const before = [pair.left.counter('rx_packets'), pair.left.counter('tx_packets')];
    const run = await start('x.log', ...six, '-L', 'x.log', '--log-format', 'json', '-I', '0.02');
    await until(() => lines().filter(({ event }) => event === 'started').length === 7, 'all monitors have started');
    ping(30);
    ping(10, pair.right.ipv6);
    sendDatagrams();
    const packets = 80 + DATAGRAMS;
    const ipBytes = 60 * PING_IPV4 + 20 * PING_IPV6 + DATAGRAMS * DATAGRAM_BYTES;
    // What the kernel counted is read once a second: the block that has it all is a later one.
    const counted = (line: Line): boolean => line.block === undefined && line.kernel?.rxPackets === 40;
    const rows = (): Line[] => lines().filter(({ monitor, kernel }) => monitor === 'general' && kernel !== undefined);
    await until(
      () => rows().some(counted),
      () => `a block of all that was sent; the last: ${JSON.stringify(rows().at(-1))}`,
    );
    run.kill('SIGTERM');
    expect(await ended(run)).toBe(0);

    const all = lines();
    const blockOf = (monitor: string): Line[] => {
      const from = all.findLastIndex((line) => line.monitor === monitor && line.block === 'stopped');
      return all.slice(from).filter((line) => line.monitor === monitor);
    };
    for (const monitor of ['general', 'detailed', 'packet-sizes', 'ports', 'lan-stations']) {
      const block = blockOf(monitor);
      expect(block[0], monitor).toMatchObject({
        totals: { packets, ipBytes },
        capture: { droppedByKernel: 0, droppedByInterface: 0, malformed: 0 },
      });
      expect(block.at(-1), monitor).toMatchObject({ event: 'stopped', packets, ipBytes, droppedByKernel: 0 });
      expect(block[0].elapsedSeconds).toBeLessThan(60);
      expect(block.at(-1)?.seconds).toBeCloseTo(block[0].elapsedSeconds, 3);
    }

    const left = blockOf('general').find((row) => row.interface === 'left');
    const [received, sent] = [pair.left.counter('rx_packets') - before[0], pair.left.counter('tx_packets') - before[1]];
    expect([received, sent]).toEqual([40, 40 + DATAGRAMS]);
    expect(left).toMatchObject({
      packets,
      ipv4: { packets: 60 + DATAGRAMS, ipBytes: 60 * PING_IPV4 + DATAGRAMS * DATAGRAM_BYTES },
      ipv6: { packets: 20, ipBytes: 20 * PING_IPV6 },
      in: { packets: received },
      out: { packets: sent },
      kernel: { rxPackets: received, txPackets: sent, rxDropped: 0 },
      missed: 0,
    });
    const detailed = blockOf('detailed');
    const classOf = (name: string): number => detailed.find((row) => row.class === name)?.total.packets;
    expect([classOf('total'), classOf('ipv6'), classOf('udp'), classOf('icmp')]).toEqual([packets, 20, DATAGRAMS, 80]);
    const sizes = blockOf('packet-sizes').filter((row) => row.from !== undefined);
    expect(sizes).toHaveLength(21);
    expect(sizes.reduce((sum, row) => sum + row.packets, 0)).toBe(packets);
    const ports = blockOf('ports').filter((row) => row.port !== undefined);
    expect(ports).toHaveLength(1);
    expect(ports[0]).toMatchObject({ protocol: 'udp', port: 5300, to: { packets: DATAGRAMS }, from: { packets: 0 } });
    const station = blockOf('lan-stations').find((row) => row.mac === pair.left.mac);
    expect(station).toMatchObject({ in: { packets: received }, out: { packets: sent } });
    expect(all.at(-1)).toMatchObject({ event: 'stopped', monitor: null });
    expect(all.filter((line) => !isLogLine(line))).toEqual([]);
    expect(all.some(({ event }) => event === 'error' || event === 'lost')).toBe(false);
  });

  it('a file for each monitor in a directory, each reopened on USR1, until -t ends it', async () => {
    const folder = join(logs, 'each');
    mkdirSync(folder, { recursive: true });
    const names = ['general.log', 'ip-traffic-left.log', 'lan-stations-left.log'];
    const argv = ['-i', 'left', '-g', '-l', 'left', '-L', `${folder}/`];
    const run = await start('each/general.log', ...argv, '-t', '0.1');
    await until(() => names.every((name) => /monitor|statistics/.test(read(`each/${name}`))), 'all monitors started');
    const second = spawnSync('ip', ['netns', 'exec', pair.left.name, process.execPath, PROGRAM, '-B', ...argv], {
      env,
      encoding: 'utf8',
    });
    expect([second.status, second.stderr]).toEqual([1, expect.stringContaining('another instance writes to it')]);
    for (const name of names) renameSync(join(folder, name), join(folder, `${name}.1`));
    run.kill('SIGUSR1');
    await until(() => names.every((name) => existsSync(join(folder, name))), 'new files');
    expect(await ended(run)).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(names.flatMap((name) => [name, `${name}.1`]));
    for (const name of names) {
      const [first, ...rest] = read(`each/${name}`).trimEnd().split('\n');
      expect(first).toMatch(/; log file reopened$/);
      expect(
        rest.filter((line) => / stopped \*+; /.test(line)),
        name,
      ).toHaveLength(1);
      expect(rest.at(-1)).toMatch(/; iptraf-ts stopped after \d+ s$/);
      expect(read(`each/${name}.1`).split('\n')[1]).toMatch(/\*+ .* started \*+; (left|all)$/);
    }
    expect(read('each/general.log')).toMatch(/; general; left; \d+ packets, /);
  });

  it('HUP rereads settings and filters; what is damaged changes nothing', async () => {
    const state = (name: string): string => join(home.env.IPTRAF_TS_STATE_DIR, name);
    const write = (name: string, document: object): void => writeFileSync(state(name), JSON.stringify(document));
    const filters = (protocol: string): object => {
      return { version: 1, filters: [{ name: 'mine', description: '', rules: [{ action: 'include', protocol }] }] };
    };
    mkdirSync(home.env.IPTRAF_TS_STATE_DIR);
    write('filters.json', filters('icmp'));
    const run = await start('x.log', '-d', 'left', '--filter', 'mine', '-L', 'x.log', '--log-format', 'json');
    await until(() => has('started', 'x.log', 'detailed'), 'the monitor has started');
    ping(10);
    write('settings.json', { version: 1, logIntervalMinutes: 30, promiscuous: true });
    write('filters.json', filters('udp'));
    run.kill('SIGHUP');
    const told = (part: string): boolean => lines().some(({ message }) => String(message).includes(part));
    await until(() => told('filter mine reread'), 'the filter is reread');
    expect(
      told('settings reread; changed: logIntervalMinutes; changed, but holds from the next start on: promiscuous'),
    ).toBe(true);
    ping(10);
    sendDatagrams();

    writeFileSync(state('settings.json'), '{"version": 1, "logIntervalMinutes": "often"}');
    run.kill('SIGHUP');
    await until(() => lines().filter(({ message }) => message === 'filter mine reread').length === 2, 'again');
    expect(lines().find(({ event }) => event === 'error')?.message).toMatch(
      /settings\.json: it is damaged: .*logIntervalMinutes.*; nothing was changed/,
    );
    expect(readFileSync(state('settings.json'), 'utf8')).toContain('often');
    expect(readdirSync(home.env.IPTRAF_TS_STATE_DIR).filter((name) => name.includes('damaged'))).toEqual([]);
    run.kill('SIGUSR2');
    expect(await ended(run)).toBe(0);
    expect(lines().find(({ block, totals }) => block === 'stopped' && totals)?.totals.packets).toBe(20 + DATAGRAMS);
  });

  it('starts a lost engine again; an interface that goes and comes is told once', async () => {
    const run = await start('x.log', '-i', 'left', '-g', '-L', 'x.log', '--log-format', 'json');
    await until(() => lines().filter(({ event }) => event === 'started').length === 3, 'both engines run');
    sendDatagrams();
    await sleep(1000);
    const engines = processTree(run.pid as number).slice(1);
    expect(engines).toHaveLength(2);
    for (const engine of engines) process.kill(engine, 'SIGKILL');
    const restarted = (): Line[] => lines().filter(({ message }) => /started again/.test(String(message)));
    await until(() => restarted().length === 2, 'both are started again');
    await until(() => lines().filter(({ event }) => event === 'started').length === 5, 'monitors begin anew');
    expect(
      lines()
        .filter(({ event }) => event === 'error')
        .map(({ message }) => message),
    ).toEqual([
      expect.stringMatching(/^capture engine of (left|all) lost: killed by SIGKILL/),
      expect.stringMatching(/^capture engine of (left|all) lost: killed by SIGKILL/),
    ]);
    pair.left.run('ip', 'link', 'set', 'left', 'down');
    await until(() => has('error') && lines().some(({ message }) => /left went down/.test(String(message))), 'down');
    pair.left.run('ip', 'link', 'set', 'left', 'up');
    await until(() => lines().some(({ message }) => /left is up again/.test(String(message))), 'up');
    await sleep(500);
    expect(lines().filter(({ message }) => /left (went down|is up)/.test(String(message)))).toHaveLength(2);
    run.kill('SIGTERM');
    expect(await ended(run)).toBe(0);
    expect(lines().at(-1)).toMatchObject({ event: 'stopped', engineRestarts: 2 });
    // Counters begin anew: the datagrams of before are in no later sum.
    const stopped = lines().find(({ event, monitor }) => event === 'stopped' && monitor === 'ip-traffic');
    expect(stopped?.packets).toBeLessThan(DATAGRAMS);
  });
});

describe('-B -r', () => {
  it('logs what is in a file, each monitor for itself, and ends with it', async () => {
    const run = spawnSync(
      process.execPath,
      [
        PROGRAM,
        '-B',
        '--foreground',
        '-r',
        FIXTURE,
        '-i',
        'all',
        '-d',
        'all',
        '-s',
        'all',
        '-L',
        'x.log',
        '--log-format',
        'json',
      ],
      { env, encoding: 'utf8' },
    );
    expect([run.status, run.stderr]).toEqual([0, '']);
    const stopped = lines().filter(({ event, monitor }) => event === 'stopped' && monitor !== null);
    expect(stopped.map(({ monitor, packets }) => [monitor, packets])).toEqual([
      ['ip-traffic', 710],
      ['detailed', 710],
      ['ports', 710],
    ]);
    expect(has('interval', 'x.log', 'detailed')).toBe(true);
    expect(lines().some(({ block }) => block === 'hour')).toBe(false);
  });
});
