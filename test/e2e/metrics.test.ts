/** --prometheus with a real promtool and a real node_exporter: what is scraped is what was sent. Needs root. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, processTree, temporaryHome } from '../support/program.ts';

/** IP bytes of ping's packets: header, ICMP header, 56 bytes; with the Ethernet header. */
const PING_IP_BYTES = 20 + 8 + 56;
const PING_WIRE_BYTES = PING_IP_BYTES + 14;
const PINGS = 40;

const installed = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const missing = ['promtool', 'prometheus-node-exporter'].filter((program) => !installed(program));
const unavailable = namespacesUnavailable() ?? (missing.length === 0 ? null : `${missing.join(' and ')} not installed`);
const reason = unavailable === null ? '' : ` (not run: ${unavailable})`;

describe.skipIf(unavailable !== null)(`--prometheus${reason}`, () => {
  let pair: NamespacePair;
  let home: ProgramHome;
  let folder: string;
  let file: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('metrics');
  });
  afterAll(() => pair.dispose());

  beforeEach(() => {
    home = temporaryHome();
    folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-metrics-'));
    mkdirSync(join(folder, 'textfiles'));
    file = join(folder, 'textfiles/iptraf.prom');
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
    home.remove();
  });

  async function until<T>(read: () => T | Promise<T>, holds: (value: T) => boolean, what: string): Promise<T> {
    let value = await read();
    for (const deadline = performance.now() + 20_000; !holds(value); value = await read()) {
      if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
      await sleep(50);
    }
    return value;
  }

  function start(...options: string[]): ChildProcess {
    const env = { ...process.env, ...home.env, IPTRAF_TS_RUN_DIR: join(folder, 'run') };
    const child = pair.left.spawn([process.execPath, PROGRAM, ...options, '--prometheus', file], { env });
    children.push(child);
    return child;
  }

  /** Value by series, of a text. */
  function series(text: string): Map<string, number> {
    const lines = text.split('\n').filter((line) => line.startsWith('iptraf_ts_'));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    );
  }

  const figures = (): Map<string, number> => series(existsSync(file) ? readFileSync(file, 'utf8') : '');
  const ofLeft = (name: string, direction: string): string =>
    `iptraf_ts_interface_${name}_total{interface="left",direction="${direction}"}`;
  const captured = (direction: string): string => ofLeft('packets', direction);

  function ping(): void {
    pair.left.run('ping', '-q', '-c', String(PINGS), '-i', '0.005', pair.right.ipv4);
  }

  async function freePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }

  it('is served by node_exporter with the figures of the sender, and pleases promtool', async () => {
    const kernelBefore = [pair.left.counter('rx_packets'), pair.left.counter('tx_packets')];
    const run = start('-B', '--foreground', '-i', 'left', '-L', 'm.log', '--every', '0.5', '--alert', 'packets>0');
    await until(figures, (now) => now.has('iptraf_ts_start_time_seconds'), 'the first figures');
    ping();
    await until(figures, (now) => now.get(ofLeft('kernel_packets', 'in')) === PINGS, 'the figures of the pings');
    const port = await freePort();
    children.push(
      spawn('prometheus-node-exporter', [
        ...['--collector.disable-defaults', '--collector.textfile'],
        ...[`--collector.textfile.directory=${join(folder, 'textfiles')}`, `--web.listen-address=127.0.0.1:${port}`],
      ]),
    );
    const scrape = (): string =>
      spawnSync('curl', ['-s', `http://127.0.0.1:${port}/metrics`], { encoding: 'utf8' }).stdout;
    const scraped = series(await until(scrape, (text) => text.includes('iptraf_ts_'), 'node_exporter has the file'));
    // As node_exporter orders labels: by their names.
    const left = (name: string, direction: string): number | undefined =>
      scraped.get(`iptraf_ts_interface_${name}_total{direction="${direction}",interface="left"}`);
    for (const direction of ['in', 'out']) {
      expect(left('packets', direction)).toBe(PINGS);
      expect(left('ip_bytes', direction)).toBe(PINGS * PING_IP_BYTES);
      expect(left('wire_bytes', direction)).toBe(PINGS * PING_WIRE_BYTES);
    }
    expect(left('kernel_packets', 'in')).toBe(pair.left.counter('rx_packets') - kernelBefore[0]);
    expect(left('kernel_packets', 'out')).toBe(pair.left.counter('tx_packets') - kernelBefore[1]);
    expect(scraped.get('iptraf_ts_capture_packets_total{capture="left"}')).toBe(2 * PINGS);
    expect(scraped.get('iptraf_ts_interface_class_packets_total{class="ipv4",interface="left"}')).toBe(2 * PINGS);
    expect(scraped.get('iptraf_ts_conversations{capture="left",state="active"}')).toBeGreaterThan(0);
    expect(scraped.get('iptraf_ts_alerts_active')).toBe(1);
    expect(scraped.get('iptraf_ts_log_lines_written_total')).toBeGreaterThan(0);
    expect(scraped.get('iptraf_ts_log_lines_lost_total')).toBe(0);

    const check = spawnSync('promtool', ['check', 'metrics'], { input: readFileSync(file), encoding: 'utf8' });
    expect(check.stdout + check.stderr).toBe('');
    expect(check.status).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o644);

    run.kill('SIGTERM');
    await once(run, 'exit');
    // What is gone must not look as if it stood still.
    expect(readdirSync(join(folder, 'textfiles'))).toEqual([]);
  });

  it('is whole whenever it is read, and its counters never go back, also when an engine dies', async () => {
    const run = start('-B', '--foreground', '-g', '-L', 'm.log', '--every', '0.25');
    await until(figures, (now) => now.has('iptraf_ts_start_time_seconds'), 'the first figures');
    ping();
    await until(figures, (now) => now.get(captured('in')) === PINGS, 'the figures of the pings');
    const readings: string[] = [];
    const reading = setInterval(() => readings.push(readFileSync(file, 'utf8')), 5);
    try {
      const isEngine = (pid: number | undefined): boolean => pid !== undefined && pid !== run.pid;
      const engine = await until(() => processTree(run.pid ?? 0)[1], isEngine, 'the engine');
      process.kill(engine, 'SIGKILL');
      const hasBegunAnew = (): boolean =>
        readFileSync(join(home.env.IPTRAF_TS_LOG_DIR, 'm.log'), 'utf8').includes('again');
      await until(hasBegunAnew, (holds) => holds, 'another engine');
      ping();
      await until(figures, (now) => now.get(captured('in')) === 2 * PINGS, 'the counters of both engines');
    } finally {
      clearInterval(reading);
    }
    for (const text of readings) expect(text).toMatch(/^# HELP [\s\S]*\niptraf_ts_build_info\{version="[^"]+"\} 1\n$/);
    const counts = readings.map((text) => series(text).get(captured('in'))).filter((count) => count !== undefined);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.length).toBeGreaterThan(10);
  });

  it('is written beside the output for pipes, too, and says where it cannot be', async () => {
    start('-i', 'left', '--json', '--every', '0.5');
    await until(figures, (now) => now.has(`iptraf_ts_capture_packets_total{capture="left"}`), 'the first figures');
    file = join(folder, 'nowhere/iptraf.prom');
    const refused = start('-i', 'left', '--text');
    let stderr = '';
    refused.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    expect((await once(refused, 'exit'))[0]).toBe(1);
    expect(stderr).toMatch(/cannot write metrics to .*nowhere\/iptraf\.prom: there is no folder/);
  });
});
