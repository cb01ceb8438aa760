// -u: what an ordinary user sees of interfaces in a namespace, against the kernel's own counters and against what was sent.
import { type ChildProcess, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createNamespacePair,
  joinNamespaces,
  type NamespacePair,
  namespacesUnavailable,
} from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, temporaryHome } from '../support/program.ts';
import { spawnInTerminal } from '../support/pty.ts';

const unavailable = namespacesUnavailable();
/** No capability, and none to be had. */
const NOBODY = [
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  '--bounding-set=-all',
  '--inh-caps=-all',
];
/** Frames of a ping with 56 bytes. */
const FRAME = 98;

interface Counts {
  packets: number;
  ipBytes: number | null;
  wireBytes: number;
  wireBytesPerSecond?: number | null;
}

interface Line {
  capture: { source: string; malformed: number | null; coverage: number | null };
  totals: Record<string, unknown> & { packets: number };
  rows: Record<string, unknown>[];
}

describe.skipIf(unavailable !== null)(`without privileges (${unavailable ?? 'in namespaces'})`, () => {
  let pair: NamespacePair;
  let home: ProgramHome;
  let runs: ChildProcess[] = [];

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('less');
    home = temporaryHome();
    // Theirs, too, who may do nothing.
    chmodSync(dirname(home.env.IPTRAF_TS_STATE_DIR), 0o777);
  });
  afterEach(async () => {
    for (const run of runs) {
      run.kill('SIGTERM');
      if (run.exitCode === null && run.signalCode === null) await once(run, 'exit');
    }
    runs = [];
  });
  afterAll(() => {
    pair?.dispose();
    home?.remove();
  });

  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, ...home.env });

  function start(...options: string[]): { next(wanted: (line: Line) => boolean): Promise<Line> } {
    const run = pair.left.spawn([...NOBODY, process.execPath, PROGRAM, '-u', '--json', '--every', '0.5', ...options], {
      env: environment(),
    });
    run.stderr?.resume();
    runs.push(run);
    const lines = createInterface({ input: run.stdout as Readable })[Symbol.asyncIterator]();
    return {
      async next(wanted) {
        for (;;) {
          const { value, done } = await lines.next();
          if (done === true) throw new Error('the program ended before');
          const line = JSON.parse(value) as Line & { type: string };
          if (line.type === 'snapshot' && wanted(line)) return line;
        }
      },
    };
  }

  function runToEnd(...options: string[]): SpawnSyncReturns<string> {
    const words = [...NOBODY, process.execPath, PROGRAM, ...options];
    return spawnSync('ip', ['netns', 'exec', pair.left.name, ...words], { encoding: 'utf8', env: environment() });
  }

  const ping = (count: number): string => pair.right.run('ping', '-qc', String(count), '-i', '0.02', pair.left.ipv4);

  it('the general statistics count what the kernel counts, and leave open what it does not', async () => {
    const run = start('-g');
    await run.next(() => true);
    ping(20);
    const { capture, totals, rows } = await run.next((line) => line.totals.packets >= 40);
    const row = rows.find((each) => each.interface === 'left') as Record<string, unknown>;
    expect(capture).toMatchObject({ source: 'counters', malformed: null, coverage: null });
    expect(totals).toMatchObject({
      packets: 40,
      wireBytes: 40 * FRAME,
      ipBytes: null,
      bytesPerSecond: null,
      buffers: null,
    });
    const direction = { packets: 20, wireBytes: 20 * FRAME, ipBytes: null, bytesPerSecond: null };
    expect(row).toMatchObject({ packets: 40, wireBytes: 40 * FRAME, bytes: null, in: direction, out: direction });
    const unknown = { ipv4: null, ipv6: null, nonIp: null, malformed: null, checksumErrors: null, missed: null };
    expect(row).toMatchObject({ ...unknown, captured: null, state: 'up' });
    await run.next(({ rows: later }) => {
      const kernel = later.find((each) => each.interface === 'left')?.kernel as Record<string, number>;
      return kernel.rxPackets === 20 && kernel.txPackets === 20 && kernel.rxBytes === 20 * FRAME;
    });
  });

  it('the detailed statistics know of all traffic, also of an interface that is made anew, and of no class', async () => {
    const run = start('-d', 'left');
    await run.next(() => true);
    ping(10);
    await run.next((line) => line.totals.packets === 20);
    pair.left.run('ip', 'link', 'del', 'left');
    joinNamespaces(pair.left, pair.right);
    await expect
      .poll(() => spawnSync('ip', ['netns', 'exec', pair.right.name, 'ping', '-c1', '-W1', pair.left.ipv4]).status)
      .toBe(0);
    ping(10);
    // What the interface that is gone counted stays, what the new one counted is all counted, its own chatter too.
    const kernel = (): number => pair.left.counter('rx_packets') + pair.left.counter('tx_packets');
    const { rows, totals } = await run.next((line) => line.totals.packets === 20 + kernel());
    expect(rows).toHaveLength(1);
    const [{ total, class: name, rates }] = rows as { total: Counts; class: string; rates: { total: Counts } }[];
    expect(name).toBe('total');
    expect(total).toMatchObject({ packets: totals.packets, ipBytes: null });
    expect(rates.total.wireBytesPerSecond).not.toBeNull();
  });

  it('says once what is missing, refuses what needs packets, and is the remedy where capturing is not permitted', () => {
    const shown = runToEnd('-u', '-g', '--text', '--every', '0.4', '--for', '1');
    expect(shown).toMatchObject({ status: 0 });
    expect(shown.stderr.split('\n')).toEqual([
      expect.stringMatching(/^iptraf-ts: without privileges \(-u\) .*protocols/),
      '',
    ]);
    expect(shown.stdout).toContain('IP bytes unknown');
    const refused = runToEnd('-u', '-i', 'left', '--text', '--for', '0.3');
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^iptraf-ts: cannot show IP traffic monitor: it needs packets, .*\n$/);
    const denied = runToEnd('-g', '--text', '--for', '0.3');
    expect(denied).toMatchObject({ status: 77, stdout: '' });
    expect(denied.stderr).toMatch(/^iptraf-ts: cannot capture on all: no permission.*-u shows.*\n$/);
  });

  it('a screen says in every frame what is missing', async () => {
    const command = ['netns', 'exec', pair.left.name, ...NOBODY, process.execPath, PROGRAM, '-u', '-d', 'left'];
    const session = await spawnInTerminal('ip', command, { env: home.env });
    try {
      await session.waitFor(/Counters only: no protocols/);
      ping(5);
      await session.waitFor(/Total\s+10\s/);
    } finally {
      await session.close();
    }
  });
});
