/**
 * `iptraf-ts iftop` as its operators meet it: the capture expression edited while traffic is counted, ~/.iftoprc of who
 * called sudo, and what is said where nothing can be captured.
 */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostPairExtra, HostPairRow } from '../../screens/host-pairs/types.ts';
import { buildProgram, PROGRAM, ROOT, temporaryHome } from '../support/program.ts';
import { ctrl, KEY, spawnInTerminal } from '../support/pty.ts';

const isRoot = process.geteuid?.() === 0;
const FIXTURE = join(ROOT, 'test/fixtures/mixed.pcapng');
/** No user of this machine. */
const CALLER = 4_000_000;

/** As --json prints it, of what is used here. */
interface PrintedPairs {
  rows: Pick<HostPairRow, 'endpoints'>[];
  totals: { packets: number; pairs: Pick<HostPairRow, 'packets'> } & Pick<HostPairExtra, 'nonIp' | 'leftOut'>;
}

/** Two sockets that take what is sent to them, and one that sends. */
async function openSockets() {
  const open = async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return socket;
  };
  const [sender, ...takers] = [await open(), await open(), await open()];
  const send = (port: number) => new Promise((resolve) => sender.send(Buffer.alloc(72), port, '127.0.0.1', resolve));
  const close = (): void => {
    for (const socket of [sender, ...takers]) socket.close();
  };
  return { ports: takers.map((socket) => socket.address().port), send, close };
}

describe('iptraf-ts iftop', () => {
  const home = temporaryHome();
  beforeAll(buildProgram);
  afterAll(() => home.remove());

  const run = (args: string[], environment: Record<string, string> = {}, prefix: string[] = []) => {
    const [command, ...words] = [...prefix, process.execPath, PROGRAM, 'iftop', ...args];
    const env = { ...process.env, ...home.env, ...environment };
    return spawnSync(command, words, { encoding: 'utf8', timeout: 30_000, env });
  };

  it.skipIf(!isRoot)('has its capture expression edited without losing a packet (needs root)', async () => {
    const { ports, send, close } = await openSockets();
    const [one, other] = ports;
    const args = [PROGRAM, 'iftop', '-n', '-N', '-P', '-i', 'lo', '-f', `udp port ${one}`];
    const env = { ...home.env, HOME: tmpdir() };
    const session = await spawnInTerminal(process.execPath, args, { cols: 120, rows: 30, env });
    let sent = 0;
    let isOver = false;
    const sending = session.waitFor(/Host pairs: lo/).then(async () => {
      for (; !isOver; sent++) {
        await send(one);
        await send(other);
        await sleep(5);
      }
    });
    const type = (text: string): void => session.send(`${ctrl('u')}${text}${KEY.enter}`);
    try {
      await session.waitFor(new RegExp(`:${one} `));
      expect(session.screen().join('\n')).not.toContain(`:${other} `);
      session.send('f');
      await session.waitFor(new RegExp(`Capture only: udp port ${one} `));
      type('udp port eighty');
      await session.waitFor(/unknown port 'eighty'/);
      type(`udp port ${one} or udp port ${other}`);
      await session.waitFor(new RegExp(`:${other} `));
      session.send('f');
      await session.waitFor(new RegExp(`Capture only: udp port ${one} or udp port ${other} `));
      type(`udp port ${one}`);
      await session.waitFor(new RegExp(`only "udp port ${one}" is counted`));
      isOver = true;
      await sending;
      // On loopback both ends are ours: the order of ports says which line of the row has the packets.
      await session.waitFor(new RegExp(`:${one} (.*\\n.*<=)?.* ${sent} `));
    } finally {
      isOver = true;
      await sending;
      await session.close();
      close();
    }
  });

  it.skipIf(!isRoot)("goes by ~/.iftoprc of who called sudo, with that one's rights (needs root)", () => {
    const folder = mkdtempSync(join(tmpdir(), 'iftop-caller-'));
    const file = join(folder, '.iftoprc');
    const sudo = { SUDO_USER: 'ann', SUDO_UID: `${CALLER}`, SUDO_GID: `${CALLER}`, SUDO_HOME: folder };
    const capture = () => {
      const { stdout, stderr } = run(['-i', 'lo', '--json', '--for', '0.2'], sudo);
      return { filter: JSON.parse(stdout.split('\n')[0]).capture.filter, stderr };
    };
    try {
      chownSync(folder, CALLER, CALLER);
      writeFileSync(file, 'filter-code: icmp\nshiny: yes\n');
      chownSync(file, CALLER, CALLER);
      chmodSync(file, 0o600);
      const mine = capture();
      expect(mine.filter).toBe('icmp');
      expect(mine.stderr).toBe(`iptraf-ts: ${file} line 2: there is no directive shiny: it is left out\n`);
      rmSync(file);
      symlinkSync('/etc/shadow', file);
      expect(capture()).toEqual({ filter: null, stderr: `iptraf-ts: ${file} is left out: permission denied\n` });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('prints --json and --csv with the pairs that its options and its file ask for', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'iftop-pipes-')), 'settings');
    writeFileSync(file, 'hide-source: yes\nscreen-filter: 10\\.77\\.0\\.2\nport-display: destination-only\n');
    const args = ['-n', '-r', FIXTURE, '-c', file, '--limit', '0'];
    const { rows, totals }: PrintedPairs = JSON.parse(run([...args, '--json']).stdout);
    rmSync(dirname(file), { recursive: true });
    expect(rows.length).toBeGreaterThan(1);
    for (const { endpoints } of rows) expect(endpoints.map(({ address }) => address)).toEqual([null, '10.77.0.2']);
    expect(rows.some(({ endpoints: [, { port }] }) => port !== null)).toBe(true);
    // What is hidden is in the totals all the same.
    const { pairs, nonIp, leftOut, packets } = totals;
    expect(pairs.packets[0] + pairs.packets[1] + nonIp.packets + leftOut.packets).toBe(packets);
    const csv = run(['-n', '-P', '-r', FIXTURE, '--csv']).stdout.split('\n')[1].split(',');
    expect([csv[4], csv[7], csv[8]]).toEqual([expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/), 'tcp']);
  });

  it('says on one line what it cannot do', () => {
    const settings = join(tmpdir(), 'no-such-iftoprc');
    const cases: [string[], number, RegExp][] = [
      [
        ['-i', 'nowhere0'],
        1,
        /^iptraf-ts: cannot capture on nowhere0: there is no such interface \(there are: .*\)\n$/,
      ],
      [['-f', 'port eighty', '-t'], 2, /^iptraf-ts: cannot use capture expression "port eighty": .*eighty.*\n$/],
      [['-c', settings], 2, /^iptraf-ts: cannot read .*no-such-iftoprc: no such file or directory \(.*\)\n$/],
      [['-L', 'many'], 2, /^iptraf-ts: cannot use -L many: neither .* \(see iptraf-ts iftop --help\)\n$/],
    ];
    for (const [args, status, line] of cases) {
      const result = run(args, { HOME: home.env.IPTRAF_TS_STATE_DIR });
      expect([result.status, result.stdout]).toEqual([status, '']);
      expect(result.stderr).toMatch(line);
    }
  });

  it.skipIf(!isRoot)('says what permission is missing (needs root to give it up)', () => {
    const without = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all', '--'];
    const { status, stdout, stderr } = run(['-i', 'lo', '-t', '-s', '1', '-n'], { HOME: tmpdir() }, without);
    expect([status, stdout]).toEqual([77, '']);
    expect(stderr).toMatch(/^iptraf-ts: cannot capture on lo: no permission .*CAP_NET_RAW.*\n$/);
  });
});
