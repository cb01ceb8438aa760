// Live totals of the whole program against who knows the truth: the sender's own count, the interface's counters, TCP's.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import {
  createNamespacePair,
  type Namespace,
  type NamespacePair,
  namespacesUnavailable,
} from '../support/namespaces.ts';
import { buildProgram, PROGRAM, ROOT, temporaryHome } from '../support/program.ts';

const unavailable = namespacesUnavailable();
const FRAME_BYTES = 60;
const IP_BYTES = 46;

type Taken = Snapshot<IpTrafficRow>;

describe.skipIf(unavailable !== null)(`live totals (${unavailable ?? 'in namespaces'})`, () => {
  const home = temporaryHome();
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-live-'));
  const sender = join(folder, 'sender');
  let pair: NamespacePair;

  beforeAll(() => {
    buildProgram();
    execFileSync('cc', ['-O2', '-o', sender, join(ROOT, 'scripts/bench/sender.c')]);
  });
  beforeEach(async () => {
    pair?.dispose();
    pair = await createNamespacePair('live');
  });
  afterAll(() => {
    pair?.dispose();
    home.remove();
    rmSync(folder, { recursive: true });
  });

  /** Watches a namespace's interface; `finish` waits for a snapshot that `enough` accepts, and ends the program. */
  async function watch(namespace: Namespace, ...options: string[]): Promise<Watch> {
    const args = ['--json', '--limit', '0', '--every', '0.5', ...options];
    const child = namespace.spawn([process.execPath, PROGRAM, '-i', namespace.interface, ...args], {
      env: { ...process.env, ...home.env },
    });
    const watching = new Watch(child);
    await watching.until(() => true);
    return watching;
  }

  it('count every small packet that was sent, in every row, none dropped', async () => {
    const { left, right } = pair;
    const watching = await watch(right);
    const received = right.counter('rx_packets');
    const report = JSON.parse(left.run(sender, 'send', left.interface, right.mac, 'mixed', '1000', '50000', '2'));
    const taken = await watching.until(({ totals }) => totals.packets >= report.sent);
    expect(right.counter('rx_packets') - received).toBe(report.sent);
    expect(taken.totals).toMatchObject({
      packets: report.sent,
      buffers: report.sent,
      wireBytes: report.sent * FRAME_BYTES,
    });
    expect(taken.capture).toMatchObject({ droppedByKernel: 0, malformed: 0, freezes: 0 });
    expect(taken.rowsTotal).toBe(1000);
    expect(taken.rows).toHaveLength(1000);
    const sum = (read: (row: IpTrafficRow) => [number, number]): number =>
      taken.rows.reduce((total, row) => total + read(row)[0] + read(row)[1], 0);
    expect(sum((row) => row.packets)).toBe(report.sent);
    expect(sum((row) => row.wireBytes)).toBe(report.sent * FRAME_BYTES);
    expect(sum((row) => row.ipBytes)).toBe(taken.totals.ipBytes);
    expect(taken.totals.ipBytes).toBeLessThanOrEqual(report.sent * IP_BYTES);
    expect((await watching.until(({ capture }) => capture.coverage === 1)).capture.coverage).toBe(1);
    watching.end();
  });

  it('count offloaded buffers as the segments that TCP says it sent', async () => {
    const { left, right } = pair;
    right.spawn(['iperf3', '-s', '-1'], { stdio: 'ignore' });
    const watching = await watch(left);
    const segments = sentSegments(left);
    const sent = left.counter('tx_packets');
    await retry(() => left.run('iperf3', '-c', right.ipv4, '-n', '200M', '-J'));
    const truth = sentSegments(left) - segments;
    const buffers = left.counter('tx_packets') - sent;
    const fromLeft = ({ rows }: Taken): number =>
      rows
        .filter((row) => row.protocol === 'tcp')
        .reduce((total, row) => total + row.packets[row.endpoints[0].address === left.ipv4 ? 0 : 1], 0);
    const taken = await watching.until((snapshot) => fromLeft(snapshot) >= truth);
    expect(fromLeft(taken)).toBe(truth);
    expect(truth).toBeGreaterThan(140_000);
    expect(buffers).toBeLessThan(truth / 5);
    expect(taken.totals.packets - taken.totals.buffers).toBeGreaterThan(truth / 2);
    expect(taken.capture.droppedByKernel).toBe(0);
    watching.end();
  });

  it('count what an expression selects, and no other packet', async () => {
    const { left, right } = pair;
    const watching = await watch(right, '--bpf', 'udp');
    // Frames go out in batches of 64: with as many conversations each batch holds as much UDP as TCP.
    const report = JSON.parse(left.run(sender, 'send', left.interface, right.mac, 'mixed', '64', '20000', '1'));
    const taken = await watching.until(({ totals }) => totals.packets >= report.sent / 2);
    expect(taken.totals.packets).toBe(report.sent / 2);
    expect(taken.rows.every((row) => row.protocol === 'udp')).toBe(true);
    expect(taken.capture).toMatchObject({ filter: 'udp', coverage: null });
    watching.end();
  });
});

/** Snapshots of a running program, line by line. */
class Watch {
  readonly #child: ChildProcess;
  #text = '';
  #newest: Taken | null = null;
  #wake: () => void = () => undefined;
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk) => this.#read(String(chunk)));
    child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    child.once('exit', () => this.#wake());
  }

  #read(chunk: string): void {
    const lines = (this.#text + chunk).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      const value = JSON.parse(line);
      if (value.type === 'snapshot') this.#newest = value;
    }
    this.#wake();
  }

  /** The first snapshot from now on that is accepted. */
  async until(accepts: (snapshot: Taken) => boolean): Promise<Taken> {
    for (;;) {
      if (this.#newest !== null && accepts(this.#newest)) return this.#newest;
      if (this.#child.exitCode !== null) throw new Error(`the program ended: ${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  end(): void {
    this.#child.kill('SIGTERM');
  }
}

/** Segments that TCP sent in a namespace, retransmissions included (RFC 4022: OutSegs is without them). */
function sentSegments(namespace: Namespace): number {
  const [names, values] = namespace
    .run('cat', '/proc/net/snmp')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  const read = (name: string): number => Number(values[names.indexOf(name)]);
  return read('OutSegs') + read('RetransSegs');
}

/** The server may not listen yet. */
async function retry(action: () => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      action();
      return;
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
