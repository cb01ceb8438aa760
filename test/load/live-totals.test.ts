// Live totals of the whole program against who knows the truth: the sender's own count, the interface's counters, TCP's.
import { execFileSync } from 'node:child_process';
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
import { retry, SnapshotWatch, sentSegments } from '../support/snapshot-watch.ts';

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
  async function watch(namespace: Namespace, ...options: string[]): Promise<SnapshotWatch<IpTrafficRow>> {
    const args = ['--json', '--limit', '0', '--every', '0.5', ...options];
    const child = namespace.spawn([process.execPath, PROGRAM, '-i', namespace.interface, ...args], {
      env: { ...process.env, ...home.env },
    });
    const watching = new SnapshotWatch<IpTrafficRow>(child);
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
    expect(taken.totals.packets - (taken.totals.buffers ?? 0)).toBeGreaterThan(truth / 2);
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
