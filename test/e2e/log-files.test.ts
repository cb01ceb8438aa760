/**
 * The log files of a daemon on real traffic: every line of a JSON log is as the schema says, the real logrotate
 * loses no connection, and a real rsyslog understands the rest. Needs root for namespaces.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/log-folder.ts';
import { isLogLine } from '../support/log-schema.ts';
import { configureLogrotate, LOGROTATE } from '../support/logrotate.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, temporaryHome } from '../support/program.ts';
import { hasRsyslog, Rsyslog } from '../support/rsyslog.ts';

/** Takes connections and closes them after the first bytes. */
const SERVER = `require('net').createServer((s) => s.on('data', () => s.end('bye')).on('error', () => 0)).listen(8080)`;
/** argv: address, how many. One after the other, each closed by the server. */
const CLIENT = `
const [, address, count] = process.argv;
let left = Number(count);
const next = () => left-- > 0 && require('net').connect(8080, address, function () { this.write('hello'); })
  .on('close', next).on('error', (error) => { throw error; }).resume();
next();`;

const unavailable = namespacesUnavailable();

describe.skipIf(unavailable !== null)(
  `log files of a daemon${unavailable === null ? '' : ` (not run: ${unavailable})`}`,
  () => {
    let pair: NamespacePair;
    let home: ProgramHome;
    let env: NodeJS.ProcessEnv;
    let log: string;
    let runFolder: string;
    let daemon: ChildProcess;

    beforeAll(async () => {
      buildProgram();
      pair = await createNamespacePair('lfile');
      pair.right.spawn([process.execPath, '-e', SERVER]);
    });
    afterAll(() => pair.dispose());
    beforeEach(() => {
      home = temporaryHome();
      log = join(home.env.IPTRAF_TS_LOG_DIR, 'traffic.log');
      runFolder = join(dirname(home.env.IPTRAF_TS_LOG_DIR), 'run');
      env = { ...process.env, ...home.env, IPTRAF_TS_RUN_DIR: runFolder };
    });
    afterEach(() => {
      daemon.kill('SIGKILL');
      home.remove();
    });

    // biome-ignore lint/suspicious/noExplicitAny: lines of every kind.
    type Line = Record<string, any>;

    const files = (): string[] => readdirSync(dirname(log)).map((name) => join(dirname(log), name));
    const lines = (path = log): Line[] =>
      readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    /** Ports of clients whose connection has its final record. */
    const finals = (all: Line[]): number[] =>
      all.filter((line) => line.final === true && line.protocol === 'tcp').map((line) => line.endpoints[0].port);

    async function start(...argv: string[]): Promise<number> {
      const common = ['-B', '--foreground', '-i', 'left', '-L', 'traffic.log', '--log-format', 'json'];
      daemon = pair.left.spawn([process.execPath, PROGRAM, ...common, ...argv], { env });
      await until(
        () => existsSync(log) && lines().some(({ event, monitor }) => event === 'started' && monitor !== null),
      );
      const pidFile = (): string | undefined =>
        existsSync(runFolder) ? readdirSync(runFolder).find((name) => name.endsWith('.pid')) : undefined;
      await until(() => pidFile() !== undefined);
      return Number(pidFile()?.replace('.pid', ''));
    }

    function connect(count: number): void {
      pair.left.run(process.execPath, '-e', CLIENT, pair.right.ipv4, String(count));
    }

    async function end(pid: number): Promise<void> {
      const exit = once(daemon, 'exit');
      process.kill(pid, 'SIGTERM');
      await exit;
    }

    it('every line of every monitor is as the published schema says', async () => {
      const others = ['-g', '-d', 'left', '-s', 'left', '-z', 'left', '-l', 'left'];
      const pid = await start(...others, '-I', '0.02', '--alert', 'packets>5 in 5m', '--log-flows', '1');
      connect(5);
      pair.left.run('ping', '-q', '-c', '2', '-i', '0.01', pair.right.ipv6);
      process.kill(pid, 'SIGUSR1');
      const kinds = (): Set<string> => new Set(lines().map(({ event, monitor }) => `${event} ${monitor}`));
      await until(() => kinds().has('interval lan-stations') && kinds().has('alert-started null'));
      await end(pid);
      const all = lines();
      for (const line of all) expect(line).toSatisfy(isLogLine);
      const monitors = ['ip-traffic', 'general', 'detailed', 'ports', 'packet-sizes', 'lan-stations'];
      for (const monitor of monitors) {
        for (const event of ['started', 'interval', 'stopped']) expect(kinds()).toContain(`${event} ${monitor}`);
      }
      for (const event of ['started', 'reopened', 'stopped']) expect(kinds()).toContain(`${event} null`);
      expect(finals(all)).toHaveLength(5);
    });

    it.skipIf(LOGROTATE === null)(
      'logrotate as packaged, while connections come and go: each has one final record',
      async () => {
        const pid = await start();
        const configuration = configureLogrotate(home.env.IPTRAF_TS_LOG_DIR, runFolder, dirname(runFolder));
        const count = 3;
        for (let round = 0; round < count; round++) {
          connect(60);
          const rotated = spawnSync(LOGROTATE as string, [
            '-f',
            '-s',
            join(dirname(runFolder), 'rotated'),
            configuration,
          ]);
          expect([String(rotated.stderr), rotated.status]).toEqual(['', 0]);
          await until(() => existsSync(log) && lines().length > 0);
          expect(lines()[0].event).toBe('reopened');
        }
        await end(pid);
        const unpacked = files().filter((path) => path.endsWith('.gz'));
        spawnSync('gunzip', unpacked);
        const all = files().flatMap((path) => lines(path));
        expect(files()).toHaveLength(count + 1);
        expect(new Set(finals(all)).size).toBe(60 * count);
        expect(finals(all)).toHaveLength(60 * count);
        for (const path of files()) expect(statSync(path).mode & 0o777).toBe(0o640);
      },
    );

    it.skipIf(!hasRsyslog)('syslog alone gets the same records, with the name and the pid of the daemon', async () => {
      const folder = dirname(runFolder);
      const rsyslog = new Rsyslog(folder);
      await rsyslog.start();
      try {
        // "ip netns exec" has mounts of its own: this /dev is seen by the program alone.
        const ownDev = `mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 &&
          ln -s '${rsyslog.socket}' /dev/log && exec "$@"`;
        const command = [process.execPath, PROGRAM, '-B', '--foreground', '-i', 'left', '-f', 'local5'];
        daemon = pair.left.spawn(['sh', '-c', ownDev, 'sh', ...command], { env });
        const messages = (): string[] => rsyslog.messages().map(({ message }) => message);
        await until(() => messages().some((message) => message.includes('IP traffic monitor started')));
        connect(1);
        await until(() => messages().some((message) => message.includes('first packet (SYN)')));
        const exit = once(daemon, 'exit');
        daemon.kill('SIGTERM');
        await exit;
        await rsyslog.stop();
        const received = rsyslog.messages();
        for (const message of received) {
          expect(message).toMatchObject({ name: 'iptraf-ts', pid: String(daemon.pid), facility: 'local5' });
        }
        expect(received.at(-1)).toMatchObject({ severity: 'notice', message: expect.stringContaining('stopped') });
        expect(received.find(({ message }) => message.includes('(SYN)'))?.severity).toBe('info');
      } finally {
        await rsyslog.stop();
      }
    });
  },
);
