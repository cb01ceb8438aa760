/**
 * `iptraf-ts iftop -t` beside the real iftop, read by the same lines of awk and Python; on pipes and on terminals.
 * What takes long (iftop averages over 10 seconds) goes on while the others run.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectGolden } from '../support/golden.ts';
import { AWK, PYTHON } from '../support/iftop-scripts.ts';
import {
  createNamespacePair,
  type Namespace,
  type NamespacePair,
  namespacesUnavailable,
} from '../support/namespaces.ts';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';
import { ctrl, KEY, spawnInTerminal, type TerminalSession } from '../support/pty.ts';

const FIXTURE = resolve(import.meta.dirname, '../fixtures/mixed.pcapng');
const unavailable = namespacesUnavailable();

/** Datagrams from a port of ours to one over there: so many bytes of IP each, so many a second, up to `most`. */
interface Flow {
  from: string;
  fromPort: number;
  to: string;
  toPort: number;
  bytes: number;
  perSecond: number;
  most?: number;
}

/** Sends flows evenly, making up for what a busy machine has held up; prints a line when the limited ones are over. */
const SENDER = `
const { createSocket } = require('dgram');
const flows = JSON.parse(process.argv[1]);
const sent = flows.map(() => 0);
const sockets = flows.map(({ from, fromPort }) => {
  const socket = createSocket({ type: from.includes(':') ? 'udp6' : 'udp4', reuseAddr: true });
  socket.on('error', () => {});
  socket.on('message', () => {});
  socket.bind(fromPort, from);
  return socket;
});
const start = performance.now();
setInterval(() => {
  const elapsed = (performance.now() - start) / 1000;
  flows.forEach(({ to, toPort, bytes, perSecond, most = Infinity }, k) => {
    const payload = Buffer.alloc(bytes - (to.includes(':') ? 48 : 28));
    for (; sent[k] < Math.min(most, elapsed * perSecond); sent[k]++) sockets[k].send(payload, toPort, to);
  });
}, 5);
`;

/** Takes what arrives at these ports, so that nothing is answered. */
const SINK = `
const { createSocket } = require('dgram');
for (const port of process.argv.slice(1)) createSocket({ type: 'udp6', reuseAddr: true }).on('message', () => {}).bind(Number(port), '::');
console.log('listens');
`;

const BURST = { bytes: 500, count: 1000 };

const hasIftop = spawnSync('iftop', ['-h']).error === undefined;

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** What a program printed until its end. */
async function ended(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}

/** What a program makes of a report: figures by what its lines begin with. */
function figures(command: string, args: string[], input: string): Map<string, number[]> {
  const lines = execFileSync(command, args, { input, encoding: 'utf8' }).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [ours, theirs, ...values] = line.split(' ');
      return [`${ours} ${theirs}`, values.map(Number)];
    }),
  );
}

describe('iftop -t of a file', () => {
  it('is one report of all of it', () => {
    const home = temporaryHome();
    buildProgram();
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [PROGRAM, 'iftop', '-t', '-nN', '-P', '-L', '4', '-r', FIXTURE],
      { encoding: 'utf8', env: { ...process.env, ...home.env, HOME: '/nonexistent' } },
    );
    home.remove();
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expectGolden('cli/iftop-report.txt', stdout.replace(FIXTURE, 'mixed.pcapng'));
  });
});

describe.skipIf(unavailable !== null)(`iftop -t (${unavailable ?? 'in namespaces'})`, { concurrent: true }, () => {
  const home = temporaryHome();
  // No ~/.iftoprc.
  const env = { ...process.env, ...home.env, HOME: '/nonexistent' };
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-iftop-'));
  let pair: NamespacePair;
  let left: Namespace;
  const sessions: TerminalSession[] = [];
  /** Our report and iftop's. */
  let comparison: Promise<string[]>;

  const ours = (...args: string[]): string[] => [process.execPath, PROGRAM, 'iftop', ...args];

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('iftop');
    left = pair.left;
    const sink = pair.right.spawn([process.execPath, '-e', SINK, '5201', '443', '53']);
    await once(sink.stdout as NodeJS.ReadableStream, 'data');
    // Waited for in tests of its own.
    comparison = (await compare()).reports;
    const { ipv4, ipv6 } = left;
    const flows: Flow[] = [
      { from: ipv4, fromPort: 5000, to: pair.right.ipv4, toPort: 5201, bytes: 1000, perSecond: 400 },
      { from: ipv6, fromPort: 40_000, to: pair.right.ipv6, toPort: 443, bytes: 500, perSecond: 100 },
      {
        ...{ from: ipv4, fromPort: 5001, to: pair.right.ipv4, toPort: 53 },
        ...{ bytes: BURST.bytes, perSecond: 2000, most: BURST.count },
      },
    ];
    left.spawn([process.execPath, '-e', SENDER, JSON.stringify(flows)], { stdio: 'ignore' });
    const back: Flow[] = [
      { from: pair.right.ipv4, fromPort: 5201, to: ipv4, toPort: 5000, bytes: 200, perSecond: 100 },
    ];
    pair.right.spawn([process.execPath, '-e', SENDER, JSON.stringify(back)], { stdio: 'ignore' });
  });
  afterAll(async () => {
    for (const session of sessions) await session.close();
    pair?.dispose();
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Both at the same time, until what came at the beginning is older than 10 s. Resolves when both capture. */
  async function compare(): Promise<{ reports: Promise<string[]> }> {
    const args = ['-i', left.interface, '-nN', '-P', '-t', '-s', '14'];
    const running: Promise<Ended>[] = [];
    for (const command of [ours(...args), ...(hasIftop ? [['iftop', ...args]] : [])]) {
      running.push(ended(left.spawn(command, { env, stdio: ['ignore', 'pipe', 'pipe'] })));
      await listening(running.length);
    }
    return { reports: Promise.all(running).then((all) => all.map(({ stdout }) => stdout)) };
  }

  /** Packet sockets in the namespace: who captures there. */
  async function listening(count: number): Promise<void> {
    for (let attempt = 0; attempt < 400; attempt++) {
      if (left.run('cat', '/proc/net/packet').trim().split('\n').length > count) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error('nobody captures');
  }

  /** A shell in a terminal; $P is the program in the namespace. Its first line are the terminal's settings. */
  async function shell(script: string): Promise<TerminalSession> {
    const program = `P="ip netns exec ${left.name} ${ours('-i', left.interface, '-nN', '-t').join(' ')}"`;
    const session = await spawnInTerminal('bash', ['--norc', '-c', `${program}; stty -g; ${script}`], {
      cols: 120,
      rows: 50,
      env,
    });
    sessions.push(session);
    return session;
  }

  const settingsBefore = (terminal: TerminalSession): string => /^\S+/.exec(terminal.output())?.[0] ?? '';
  /** Keys come one by one and are not shown. */
  const takesKeys = ({ device }: TerminalSession): boolean =>
    /-icanon .*-echo |-echo .*-icanon /s.test(execFileSync('stty', ['-F', device, '-a'], { encoding: 'utf8' }));

  describe('on a terminal', () => {
    it('takes iftop’s keys, each with a report, and gives the terminal back', async () => {
      const terminal = await shell('$P; echo "status $?"');
      await terminal.waitFor(/ 10\.91\.0\.1 {2,}=> .*\n.* 10\.91\.0\.2 {2,}<= /);
      expect(takesKeys(terminal)).toBe(true);
      terminal.send('p');
      await terminal.waitFor(/ports: source and destination/);
      await terminal.waitFor(/ 10\.91\.0\.1:5000 +=> .*\n.* 10\.91\.0\.2:5201 +<= /);
      // An arrow to the left is no D.
      terminal.send(`${KEY.left}d`);
      await terminal.waitFor(/destination hosts: all as one/);
      await terminal.waitFor(/ 10\.91\.0\.1:5000 +=> .*\n {5} \* :5201 +<= /);
      terminal.send('P');
      await terminal.waitFor(/paused: P goes on\n\n?$/m);
      terminal.send('n');
      await terminal.waitFor(/host names: on/);
      terminal.send('nP');
      await terminal.waitFor(/going on/);
      terminal.send('<');
      await terminal.waitFor(/sorted by source/);
      terminal.send('q');
      await terminal.waitFor(/status 0/);
      expect(terminal.settings()).toBe(settingsBefore(terminal));
      // Nothing but lines: no screen, and no key is shown.
      expect(terminal.output()).not.toMatch(/\x1b|pports|dhosts|<sorted|qstatus/);
    });

    it.each([
      ['SIGTERM', 143],
      ['SIGINT', 130],
      ['SIGHUP', 129],
      ['SIGKILL', 137],
    ] as const)('gives it back when it is ended by %s', async (signal, status) => {
      const terminal = await shell('exec $P');
      await terminal.waitFor(() => takesKeys(terminal));
      process.kill(terminal.pid, signal);
      expect(await terminal.waitForExit()).toBe(status);
      await terminal.waitFor(() => terminal.settings() === settingsBefore(terminal));
    });

    it('is ended by Ctrl-C, stopped by Ctrl-Z and goes on with fg, with its keys', async () => {
      const terminal = await shell('set -m; $P; echo "stopped $?"; read -r; fg');
      await terminal.waitFor(() => takesKeys(terminal));
      terminal.send(ctrl('z'));
      await terminal.waitFor(/stopped 1\d\d/);
      expect(terminal.settings()).toBe(settingsBefore(terminal));
      terminal.send(KEY.enter);
      await terminal.waitFor(() => takesKeys(terminal));
      terminal.send('s');
      await terminal.waitFor(/source hosts: all as one/);
      terminal.send(ctrl('c'));
      expect(await terminal.waitForExit()).toBe(130);
      expect(terminal.settings()).toBe(settingsBefore(terminal));
    });

    it('leaves it alone in the background, and takes its keys when it comes to the foreground', async () => {
      const terminal = await shell('set -m; $P & read -r line; echo "got <$line>"; fg; echo "status $?"');
      await terminal.waitFor(/Listening on/);
      expect(terminal.settings()).toBe(settingsBefore(terminal));
      // What is typed is for the shell, which shows it.
      terminal.send('quiet');
      await terminal.waitFor(/quiet/);
      terminal.send(KEY.enter);
      await terminal.waitFor(/got <quiet>/);
      await terminal.waitFor(() => takesKeys(terminal));
      terminal.send('q');
      await terminal.waitFor(/status 0/);
    });
  });

  describe('on pipes', () => {
    /** $P is the program. */
    const run = (script: string, input = ''): Promise<Ended> => {
      const command = ['bash', '-c', `set -o pipefail; P="${ours().join(' ')}"; ${script}`];
      const child = left.spawn(command, { env });
      child.stdin?.end(input);
      return ended(child);
    };

    it('ends in silence when its reader has had enough', async () => {
      const { status, stdout, stderr } = await run(`$P -i ${left.interface} -nN -t 2>/dev/null | head -n 2`);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^Listening on left\n {3}# Host name .*\n$/);
    });

    it('reads no standard input that is no terminal', async () => {
      const { stdout, status } = await run('$P -i lo -nN -t -s 1 >/dev/null 2>&1; cat', 'q is for cat\n');
      expect({ stdout, status }).toEqual({ stdout: 'q is for cat\n', status: 0 });
    });

    it('reports where nothing comes, and tells interface and addresses on standard error', async () => {
      const { status, stdout, stderr } = await run(`$P -i lo -nN -t -s 1`);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^Listening on lo\n(.*\n)*Cumulative [^:]*: +0B +0B +0B\nTotal bandwidth .*\n=+\n\n$/);
      expect(stderr).toBe('interface: lo\nIP address is: 127.0.0.1\nIPv6 address is: ::1\n');
    });

    it('has lines for grep and awk', async () => {
      const script = `$P -i ${left.interface} -nN -t -s 2 -L 1M 2>/dev/null | tee ${folder}/x | grep exceeds; awk '/bandwidth/{print NF}' ${folder}/x`;
      const { status, stdout } = await run(script);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^10\.91\.0\.1 with 10\.91\.0\.2 exceeds 1\.00Mb: \d\.\d\dMb in the last 2s .*\n6\n$/);
    });

    it('names hosts in the only report, by the time it is printed', async () => {
      writeFileSync(join(folder, 'hosts'), '10.91.0.1 here.example\n10.91.0.2 there.example\n');
      const script = `mount --bind ${folder}/hosts /etc/hosts && $0 -i ${left.interface} -t -s 2 2>/dev/null`;
      const { stdout } = await run(`unshare -m bash -c '${script}' "$P"`);
      expect(stdout).toMatch(/ here\.example +=> .*\n +there\.example +<= /);
    });

    it('loses no packet while its reader does not read', async () => {
      // More pairs than a pipe takes, where no other test looks.
      const { right } = pair;
      const child = spawn('ip', ['netns', 'exec', right.name, ...ours('-i', 'lo', '-nN', '-P', '-t', '-L', '0')], {
        env,
      });
      await new Promise((begun) => child.stdout.once('data', begun));
      child.stdout.pause();
      const [ports, rounds, bytes] = [1500, 5, 128];
      const script = `
        const socket = require('dgram').createSocket('udp4');
        let left = ${ports * rounds};
        const send = () => socket.send(Buffer.alloc(${bytes - 28}), 10000 + left % ${ports}, '127.0.0.1', () => {
          if (--left === 0) socket.close();
          else if (left % 100 === 0) setTimeout(send, 40);
          else send();
        });
        socket.bind(9000, '127.0.0.1', send);`;
      // A sink: nothing is answered.
      const sinks = Array.from({ length: ports }, (_, k) => String(10_000 + k));
      const sink = right.spawn([process.execPath, '-e', SINK, ...sinks]);
      await once(sink.stdout as NodeJS.ReadableStream, 'data');
      right.run(process.execPath, '-e', script);
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
      });
      child.stdout.resume();
      const cumulative = /Cumulative [^:]*: +\S+ +\S+ +(\S+)/g;
      const total = ports * rounds * bytes;
      const expected = `${Math.round(total / 1024)}KB`;
      for (let attempt = 0; attempt < 600; attempt++) {
        if ([...text.matchAll(cumulative)].at(-1)?.[1] === expected) break;
        await new Promise((done) => setTimeout(done, 50));
      }
      child.kill('SIGTERM');
      sink.kill('SIGKILL');
      expect([...text.matchAll(cumulative)].at(-1)?.[1]).toBe(expected);
      expect(text.match(/^ *\d+ .*=>/gm)?.length).toBeGreaterThanOrEqual(ports);
    });
  });

  describe.skipIf(!hasIftop)(hasIftop ? 'beside iftop' : 'beside iftop, which is not installed', () => {
    it.each([
      { command: 'awk', args: [AWK] },
      { command: 'python3', args: ['-c', PYTHON] },
    ])('gives $command the same figures, within 2 %', { timeout: 120_000 }, async ({ command, args }) => {
      const read = (texts: readonly string[]) => texts.map((text) => figures(command, args, text));
      const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 0.02 * b;
      const steady = [
        '10.91.0.1:5000 10.91.0.2:5201',
        '[fd91::1]:40000 [fd91::2]:443',
        'sent -',
        'received -',
        'both -',
      ];
      const differences = (reports: readonly Map<string, number[]>[]): string[] =>
        steady.flatMap((key) => {
          const [a, b] = reports.map((report) => report.get(key)?.slice(0, 2) ?? []);
          const isSame = a.length > 0 && a.length === b.length && a.every((rate, k) => isNear(rate, b[k]));
          return isSame ? [] : [`${key}: ours ${a}, iftop's ${b}`];
        });
      const first = read(await comparison);
      const [mine, theirs] = first;
      expect([...mine.keys()].sort()).toEqual([...theirs.keys()].sort());
      // Their ten seconds are not quite the same ones: where the sender was held up at an end of them, they are made anew.
      let [different, more] = [differences(first), 2];
      for (; different.length > 0 && more > 0; more--) {
        different = differences(read(await (await compare()).reports));
      }
      expect(different).toEqual([]);
      // What has come to its end is the same to the last byte, as far as it is printed.
      const burst = '10.91.0.1:5001 10.91.0.2:53';
      expect(mine.get(burst)?.slice(2)).toEqual(theirs.get(burst)?.slice(2));
      expect(isNear(mine.get(burst)?.[2] ?? 0, BURST.bytes * BURST.count)).toBe(true);
    });
  });
});
