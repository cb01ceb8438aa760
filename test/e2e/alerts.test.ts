/**
 * Thresholds on real traffic: what is told when a paced sender begins and ends, everywhere at once: log, syslog, JSON
 * events, --on-alert, the screen. Needs root for namespaces.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv } from 'ajv';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, processTree, ROOT, temporaryHome } from '../support/program.ts';
import { spawnInTerminal, type TerminalSession } from '../support/pty.ts';
import { hasRsyslog, Rsyslog } from '../support/rsyslog.ts';
import { takeDatagrams } from '../support/udp-sink.ts';

/** A name that a shell would make a command of, if ever one saw it as anything but a value. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell that must not see it.
const HOSTILE = '$(touch${IFS}X)';

/** Datagrams of 1000 IP bytes every 10 ms: about 100 kB/s, if the machine keeps up. */
const SENDER = `
  const [address, from, seconds] = process.argv.slice(1);
  const socket = require('dgram').createSocket('udp4');
  socket.bind(0, from, () => {
    const began = Date.now();
    let sent = 0;
    const timer = setInterval(() => {
      const due = Math.min(seconds * 1000, Date.now() - began) / 10;
      for (; sent < due; sent++) socket.send(Buffer.alloc(972), 5300, address);
      if (Date.now() - began > seconds * 1000) { clearInterval(timer); socket.close(); }
    }, 10);
  });`;

const RULE = 'host 10.91.0.1 tx>30kB/s for 1s';

/** /dev of its own, where /dev/log is this socket; then the command. */
const WITH_SYSLOG = `
  mount -t tmpfs none "$1/dev"
  for node in null zero full random urandom tty; do touch "$1/dev/$node"; mount --bind "/dev/$node" "$1/dev/$node"; done
  ln -s /proc/self/fd "$1/dev/fd"; ln -s "$2" "$1/dev/log"
  mount --move "$1/dev" /dev
  shift 2; exec "$@"`;

const unavailable = namespacesUnavailable();
const reason = unavailable === null ? '' : ` (not run: ${unavailable})`;

describe.skipIf(unavailable !== null)(`alerts on real traffic${reason}`, () => {
  let pair: NamespacePair;
  let home: ProgramHome;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let screen: TerminalSession | null = null;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('alerts');
    await takeDatagrams(pair.right, 5300);
    pair.left.run('ip', 'link', 'add', 'name', HOSTILE, 'type', 'veth', 'peer', 'name', 'other');
    pair.left.run('ip', 'address', 'add', '10.92.0.1/24', 'dev', HOSTILE);
    for (const name of [HOSTILE, 'other']) pair.left.run('ip', 'link', 'set', name, 'up');
    pair.left.run('ip', 'neighbour', 'replace', '10.92.0.2', 'lladdr', '02:00:00:00:92:02', 'dev', HOSTILE);
  });
  afterAll(() => pair.dispose());

  beforeEach(() => {
    home = temporaryHome();
    folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-alerts-'));
    env = { ...process.env, ...home.env, IPTRAF_TS_RUN_DIR: join(folder, 'run') };
  });
  afterEach(async () => {
    await screen?.close();
    screen = null;
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
    home.remove();
  });

  async function until<T>(read: () => T | undefined | false, what: string): Promise<T> {
    for (const deadline = performance.now() + 30_000; performance.now() < deadline; await sleep(50)) {
      const value = read();
      if (value !== undefined && value !== false) return value;
    }
    throw new Error(`not in time: ${what}`);
  }

  function start(command: string[], wrapper: string[] = []): ChildProcess {
    const child = pair.left.spawn([...wrapper, process.execPath, PROGRAM, ...command], { env, cwd: folder });
    children.push(child);
    return child;
  }

  function send(seconds: number, address: string, from: string): void {
    pair.left.spawn([process.execPath, '-e', SENDER, address, from, String(seconds)]);
  }

  const log = (name: string): string[] => {
    const path = join(home.env.IPTRAF_TS_LOG_DIR, name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  };

  /** Variables that each run of the command has seen. */
  function commandsSeen(): Record<string, string>[] {
    const files = readdirSync(folder).filter((name) => name.endsWith('.env'));
    return files.map((name) => {
      const pairs = readFileSync(join(folder, name), 'utf8').split('\0').slice(0, -1);
      return Object.fromEntries(
        pairs.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
      );
    });
  }

  it('are told when they begin and when they end: log, syslog, command, JSON, screen', async () => {
    const rsyslog = hasRsyslog ? new Rsyslog(folder) : null;
    await rsyslog?.start();
    mkdirSync(join(folder, 'dev'));
    const inSyslog = ['sh', '-c', WITH_SYSLOG, 'sh', folder, rsyslog?.socket ?? '/dev/null'];
    const command = `env -0 > ${folder}/$$.part; mv ${folder}/$$.part ${folder}/$$.env; : $IPTRAF_TS_ALERT_SUBJECT`;
    const rules = ['--alert', RULE, '--alert', 'interface tx>30kB/s for 1s'];
    const daemon = start(
      [
        '-B',
        '--foreground',
        '-g',
        '-L',
        'x.log',
        ...(rsyslog === null ? [] : ['-f', 'local2']),
        ...rules,
        '--on-alert',
        command,
      ],
      rsyslog === null ? [] : inSyslog,
    );
    const json = start(['-i', 'left', '--json', '--limit', '1', '--alert', RULE]);
    let printed = '';
    json.stdout?.on('data', (chunk) => {
      printed += chunk;
    });
    screen = await spawnInTerminal(
      'ip',
      ['netns', 'exec', pair.left.name, process.execPath, PROGRAM, '-i', 'left', '--alert', RULE],
      { cols: 100, rows: 24, env: home.env },
    );
    await screen.waitFor(/Received/);
    await until(() => log('x.log').length > 0 && printed !== '', 'all have started');
    send(2, pair.right.ipv4, pair.left.ipv4);
    send(2, '10.92.0.2', '10.92.0.1');

    // On the screen: the newest is named, and all are counted while they last, also in the menu's place.
    const shown = await screen.waitFor(/ 1 alert\s*$/m);
    expect(shown[22]).toMatch(/alert: host 10\.91\.0\.1 tx>30kB\/s for 1s: 10\.91\.0\.1, .*bit\/s\s+1 alert\s*$/);
    await screen.waitFor(/alert over: host 10\.91\.0\.1/, 20_000);
    expect(screen.screen()[22]).not.toMatch(/1 alert\s*$/);

    const told = (what: string): string[] => log('x.log').filter((line) => line.includes(`; alert ${what}; `));
    await until(() => told('ended').length === 3, 'all alerts are over');
    const subjects = told('started').map((line) => line.split('; ').slice(2, 4));
    expect(subjects).toHaveLength(3);
    expect(subjects).toContainEqual([RULE, '10.91.0.1']);
    expect(subjects).toContainEqual(['interface tx>30kB/s for 1s', 'left']);
    expect(subjects).toContainEqual(['interface tx>30kB/s for 1s', HOSTILE]);
    expect(told('ended')[0]).toMatch(/; lasted 0:00:\d\d, at most \S+ .bit\/s, limit 240\.0 kbit\/s$/);

    await until(() => commandsSeen().length === 6, 'the command was run for each');
    const started = commandsSeen().find(
      (seen) => seen.IPTRAF_TS_ALERT_SUBJECT === HOSTILE && seen.IPTRAF_TS_ALERT_STATE === 'started',
    );
    expect(started).toMatchObject({
      IPTRAF_TS_ALERT: 'interface tx>30kB/s for 1s',
      IPTRAF_TS_ALERT_MEASURE: 'interface',
      IPTRAF_TS_ALERT_LIMIT: '30000',
      IPTRAF_TS_ALERT_UNIT: 'bytesPerSecond',
    });
    expect(Number(started?.IPTRAF_TS_ALERT_VALUE)).toBeGreaterThan(30_000);
    expect(existsSync(join(folder, 'X')), 'a name became a command').toBe(false);

    // Each program has seconds of its own: this one's may end last.
    const alerts = () =>
      printed
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
        .filter(({ type }) => type === 'alert');
    await until(() => alerts().some(({ state }) => state === 'ended'), 'the alert is over in JSON');
    const events = alerts();
    expect(events.map(({ state, subject }) => [state, subject])).toEqual([
      ['started', '10.91.0.1'],
      ['ended', '10.91.0.1'],
    ]);
    const validate = new Ajv().compile(JSON.parse(readFileSync(join(ROOT, 'schemas/event.json'), 'utf8')));
    for (const event of events) expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
    expect(events[1].value).toBeGreaterThanOrEqual(events[0].value);

    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    if (rsyslog === null) return;
    await rsyslog.stop();
    const messages = rsyslog.messages().filter(({ message }) => message.includes(RULE));
    expect(
      messages.map(({ name, facility, severity, message }) => [name, facility, severity, message.split(';')[0].trim()]),
    ).toEqual([
      ['iptraf-ts', 'local2', 'warning', 'alert started'],
      ['iptraf-ts', 'local2', 'notice', 'alert ended'],
    ]);
  });

  it('that are on end with the capture, also with an engine that dies, in the log and for the command', async () => {
    const run = start([
      ...['-B', '--foreground', '-i', 'left', '-L', 'end.log', '--alert', 'packets>5', '--alert', 'interface left>50%'],
      ...['--on-alert', `echo $IPTRAF_TS_ALERT_STATE >> ${folder}/states`],
    ]);
    const told = (what: string): string[] => log('end.log').filter((line) => line.includes(`; alert ${what}; `));
    const begin = async (alerts: number): Promise<void> => {
      pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', pair.right.ipv4);
      await until(() => told('started').length === alerts, 'it began');
    };
    await until(() => log('end.log').length > 0, 'it has started');
    await begin(1);
    expect(told('started')[0]).toMatch(/; packets>5; all; \d+ packets, limit 5 packets$/);
    const [, engine] = processTree(run.pid ?? 0);
    process.kill(engine, 'SIGKILL');
    await until(() => log('end.log').some((line) => line.includes('was started again')), 'another engine');
    expect(told('ended')).toEqual([expect.stringMatching(/; the capture engine was lost$/)]);
    await begin(2);
    run.kill('SIGTERM');
    expect((await once(run, 'exit'))[0]).toBe(0);
    expect(told('ended')[1]).toMatch(/at most \d+ packets, limit 5 packets; the capture ended$/);
    expect(readFileSync(join(folder, 'states'), 'utf8')).toBe('started\nended\n'.repeat(2));
    const speed = spawnSync('ip', ['netns', 'exec', pair.left.name, 'cat', '/sys/class/net/left/speed'], {
      encoding: 'utf8',
    });
    const notices = log('end.log').filter((line) => line.includes('the speed of left is not known'));
    expect(notices).toHaveLength(Number(speed.stdout) > 0 ? 0 : 2);
  });

  it('of a file have the times of its packets', async () => {
    const fixture = join(ROOT, 'test/fixtures/mixed.pcapng');
    const text = spawnSync(
      process.execPath,
      [PROGRAM, '-r', fixture, '--json', '--alert', 'packets>10', '--alert', 'drops>0'],
      {
        encoding: 'utf8',
        env,
      },
    );
    expect(text.status).toBe(0);
    const lines = text.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [first, second] = lines.filter(({ type }) => type === 'alert');
    expect([first.state, first.alert, second.state, second.cut]).toEqual([
      'started',
      'packets>10',
      'ended',
      'capture-ended',
    ]);
    const snapshot = lines.find(({ type }) => type === 'snapshot');
    expect(second.time).toBe(snapshot.time);
  });

  it('that are none are refused with what is expected', () => {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, '-i', 'lo', '--alert', 'host>100'], {
      encoding: 'utf8',
      env,
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/--alert.*a rate such as 100Mbit\/s or 12MB\/s is expected, not "100"/);
  });
});
