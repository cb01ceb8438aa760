/**
 * Command lines that people run with iftop, as they stand in their documents, with a link named iftop to the program:
 * each shows the traffic it is meant to. They run at the same time in one namespace that has interfaces of the names they
 * use; kubectl and podman are stubs, and times are shortened.
 *
 *   eth0 (default route)  10.0.0.2 fd90::2  ◄─►  10.0.0.1, 10.0.0.9 = problematic-host, fd90::1; the rate of -L: 10.0.0.8
 *   cni0                  10.244.0.1        ◄─►  10.244.0.2
 *   every other one       10.91.N.1         ◄─►  10.91.N.2
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Namespace, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, programFile } from '../support/program.ts';
import { ctrl, spawnInTerminal } from '../support/pty.ts';

const unavailable =
  namespacesUnavailable() ?? (spawnSync('sudo', ['-n', 'true']).status === 0 ? null : 'one of them uses sudo');

/** Those beside eth0 and cni0, which have networks of their own. */
const OTHERS = ['docker0', 'eth1', 'azure0', 'azure-er', 'istio-proxy', 'tun0', 'vpn0', 'wlan0'];
const peerOf = (name: string): string => `10.91.${OTHERS.indexOf(name) + 1}.2`;
const PORTS = [22, 80, 443, 3306, 5432, 8050, 8080];
/** Above 100 M bits a second, of 1024 ** 2: 60,000 bytes so often. */
const FLOOD_PER_SECOND = 300;

/**
 * Pairs of addresses FROM>TO on the command line: every fifth of a second a datagram to each port, from a port of its
 * own. Port 443 has more than the others: it is among the first rows.
 */
const TRAFFIC = `
const { createSocket } = require('dgram');
const pairs = process.argv.slice(1).map((pair) => pair.split('>'));
for (const [from, to] of pairs) for (const port of ${JSON.stringify(PORTS)}) {
  const socket = createSocket({ type: from.includes(':') ? 'udp6' : 'udp4', reuseAddr: true });
  socket.on('error', () => {});
  socket.bind(port + 20000, from, () => setInterval(() => socket.send(Buffer.alloc(port === 443 ? 400 : 100), port, to), 200));
}
const flood = createSocket('udp4');
flood.on('error', () => {});
flood.bind(9, '10.0.0.8', () => {
  let sent = 0;
  const start = performance.now();
  setInterval(() => {
    for (; sent < (performance.now() - start) / 1000 * ${FLOOD_PER_SECOND}; sent++) flood.send(Buffer.alloc(60000), 9, '10.0.0.2');
  }, 10);
});
console.log('sends');
`;

/** Takes what arrives, so that nothing is answered. */
const SINK = `
const { createSocket } = require('dgram');
for (const port of [9, ${PORTS}]) createSocket({ type: 'udp6', reuseAddr: true }).on('message', () => {}).bind(port, '::');
console.log('listens');
`;

interface Shown {
  line: string;
  /** All of them are on the screen at the same time, */
  shows: (string | RegExp)[];
  /** and none of these. */
  hides?: (string | RegExp)[];
  /** Pressed first. */
  keys?: string;
}

const GATEWAY = '10.0.0.1 ';
const HOST = 'problematic-host';
const IPV6 = 'fd90::1';

/** Said of a pair above the rate of -L: 100 times 1024 ** 2 bits. */
const EXCEEDS = / above \d/;

/** Without options for what is captured. */
const EVERYTHING = [GATEWAY, HOST, IPV6];

interface Printed {
  line: string;
  /** What it prints, in this order. */
  prints: RegExp[];
}

/** Of the ports that datagrams are sent to here only 443 has a name: the other services are TCP's. */
const SCREENS: readonly Shown[] = [
  { line: 'iftop', shows: EVERYTHING },
  { line: 'iftop -B', shows: [...EVERYTHING, 'B/s'] },
  { line: 'iftop -B -L 100M', shows: [...EVERYTHING, 'B/s', EXCEEDS] },
  { line: 'iftop -L 0', shows: EVERYTHING },
  { line: 'iftop -L 100M', shows: [...EVERYTHING, EXCEEDS] },
  { line: 'iftop -N', keys: 'p', shows: [':443 '], hides: [/:https/] },
  { line: 'iftop -P', shows: [/:https/, HOST] },
  { line: 'iftop -P -B', shows: [/:https/, 'B/s'] },
  { line: 'iftop -P -f "net 10.0.0.0/24"', shows: [/:https/, HOST], hides: [IPV6] },
  { line: 'iftop -P -f "net 10.0.0.0/8"', shows: [/:https/, HOST], hides: [IPV6] },
  { line: 'iftop -P -f "port 3306 or port 5432"', shows: [':3306 ', ':5432 '], hides: [/:https/] },
  { line: 'iftop -P -f "port 80 or port 443"', shows: [':80 ', /:https/], hides: [':22 '] },
  { line: 'iftop -P -f "port 80"', shows: [':80 '], hides: [/:https/] },
  { line: 'iftop -P -f "port 8080"', shows: [/:(8080|http-alt) /], hides: [/:https/] },
  { line: 'iftop -f "host 10.0.0.1 or host 10.0.0.2"', shows: [GATEWAY, HOST], hides: [IPV6] },
  { line: 'iftop -f "host 10.0.0.1"', shows: [GATEWAY], hides: [HOST, IPV6] },
  {
    line: 'iftop -f "not port 22 and host 10.0.0.1"',
    keys: 'p',
    shows: [/10\.0\.0\.1:/, /:https/],
    hides: [HOST, ':22 '],
  },
  { line: 'iftop -f "port 5432"', keys: 'p', shows: [':5432 '], hides: [/:https/] },
  { line: 'iftop -f "port 80"', keys: 'p', shows: [':80 '], hides: [/:https/] },
  { line: 'iftop -f "port range 8000-8100"', keys: 'p', shows: [':8050 ', /:(8080|http-alt) /], hides: [/:https/] },
  { line: `iftop -i $(kubectl get nodes -o jsonpath='{.items[0].spec.podCIDR}')`, shows: ['10.244.0.2'] },
  ...OTHERS.filter((name) => !['eth1', 'docker0', 'wlan0'].includes(name)).map((name) => ({
    line: `iftop -i ${name}`,
    shows: [peerOf(name)],
    hides: [GATEWAY],
  })),
  { line: 'iftop -i cni0', shows: ['10.244.0.2'], hides: [GATEWAY] },
  { line: 'iftop -i cni0 -f "net 10.244.0.0/16"', shows: ['10.244.0.2'] },
  { line: 'iftop -i docker0', shows: [peerOf('docker0')], hides: [GATEWAY] },
  { line: 'iftop -i docker0 -P', shows: [`${peerOf('docker0')}:`, /:https/] },
  { line: 'iftop -i eth0', shows: EVERYTHING },
  { line: 'iftop -i eth0 -f "port 80"', keys: 'p', shows: [':80 '], hides: [/:https/] },
  { line: 'iftop -i istio-proxy -P', shows: [`${peerOf('istio-proxy')}:`, /:https/] },
  { line: 'iftop -i wlan0 -f "dst port 22"', keys: 'p', shows: [`${peerOf('wlan0')}:`, ':22 '], hides: [/:https/] },
  { line: 'iftop -n', shows: [GATEWAY, '10.0.0.9 ', IPV6], hides: [HOST] },
  { line: 'iftop -n -N -P -B -i eth0', shows: ['10.0.0.9:20443', ':443 ', 'B/s'], hides: [HOST, /:https/] },
  { line: 'iftop -n -N -P -B -i eth1', shows: [`${peerOf('eth1')}:20443`, ':443 ', 'B/s'], hides: [/:https/] },
  { line: 'iftop -n -P', shows: ['10.0.0.9:', /:https/], hides: [HOST] },
  { line: 'iftop -n -f "host problematic-host"', shows: ['10.0.0.9 '], hides: [GATEWAY, IPV6] },
  { line: 'iftop -p', shows: EVERYTHING },
  { line: 'podman run -it --net=host iftop -i docker0', shows: [peerOf('docker0')], hides: [GATEWAY] },
  { line: 'sudo iftop -i eth0', shows: EVERYTHING },
];

const TOTAL = /^Total bandwidth \(sent\/received\/total\): /m;

/** On a terminal, until Ctrl-C. */
const ENDLESS: readonly Printed[] = [
  { line: 'iftop -t', prints: [/ <= /, TOTAL] },
  { line: 'iftop -t -L 0', prints: [/ <= /, TOTAL] },
  { line: 'iftop -t -L 100M | grep "exceeds"', prints: [/10\.0\.0\.8.*exceeds/] },
];

/** Into a pipe, and they end by themselves. */
const REPORTS: readonly Printed[] = [
  { line: 'iftop -t -s 1', prints: [/10\.0\.0\.1 /, TOTAL] },
  { line: 'iftop -t -s 4 > bandwidth.log; cat bandwidth.log', prints: [/10\.0\.0\.1 /, TOTAL] },
  { line: 'iftop -t -s 2', prints: [/10\.0\.0\.1 /, TOTAL] },
  { line: `iftop -t -s 3 | awk '/bandwidth/{print}'`, prints: [TOTAL] },
];

describe.skipIf(unavailable !== null)(`the command lines of iftop's users (${unavailable ?? 'root, sudo'})`, () => {
  let folder: string;
  const inside = new Namespace(`iftop-${process.pid}-l`, 'eth0', 2);
  const outside = new Namespace(`iftop-${process.pid}-r`, 'peer0', 1);
  /** What stands in for /etc inside. */
  const etc = join('/etc/netns', inside.name);

  beforeAll(async () => {
    buildProgram();
    folder = mkdtempSync(join(tmpdir(), 'iftop-seeds-'));
    process.on('exit', dispose);
    for (const name of ['bin', 'state', 'log', 'home']) mkdirSync(join(folder, name));
    const program = programFile(folder, {
      IPTRAF_TS_STATE_DIR: join(folder, 'state'),
      IPTRAF_TS_LOG_DIR: join(folder, 'log'),
      HOME: join(folder, 'home'),
    });
    symlinkSync(program, join(folder, 'bin/iftop'));
    stub('kubectl', 'echo 10.244.0.0/24');
    stub('podman', 'while [ "$1" != iftop ]; do shift; done; exec "$@"');
    joinByEveryName(inside, outside);
    mkdirSync(etc, { recursive: true });
    writeFileSync(join(etc, 'hosts'), '127.0.0.1 localhost\n10.0.0.9 problematic-host\n');
    // Nobody answers there, at once.
    writeFileSync(join(etc, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    await begin(inside, [process.execPath, '-e', SINK]);
    await begin(outside, [process.execPath, '-e', TRAFFIC, ...trafficPairs()]);
  }, 60_000);
  afterAll(() => {
    process.off('exit', dispose);
    dispose();
  });

  function dispose(): void {
    for (const namespace of [inside, outside]) namespace.remove();
    for (const path of [etc, folder]) rmSync(path, { recursive: true, force: true });
  }

  function stub(name: string, text: string): void {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  async function begin(where: Namespace, command: string[]): Promise<void> {
    const child = where.spawn(command);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
  }

  const environment = (): Record<string, string> => ({ PATH: `${folder}/bin:${process.env.PATH}` });
  /** sudo looks for programs in folders of its own. */
  const asRun = (line: string): string => line.replace(/^sudo /, 'sudo env "PATH=$PATH" ');
  const command = (line: string): string[] => ['netns', 'exec', inside.name, 'bash', '-c', asRun(line)];

  it.concurrent.each(SCREENS)('$line', { timeout: 60_000 }, async ({ line, shows, hides = [], keys }) => {
    const session = await spawnInTerminal('ip', command(line), { cols: 100, rows: 32, env: environment() });
    try {
      await session.waitFor(/iftop|pairs/i, 40_000);
      if (keys !== undefined) session.send(keys);
      const screen = await session.waitFor((rows) => shows.every((each) => contains(rows, each)), 40_000);
      for (const each of hides) expect(contains(screen, each), `${each}\n${screen.join('\n')}`).toBe(false);
      if (line === 'iftop -p') expect(inside.run('ip', '-d', 'link', 'show', 'eth0')).toMatch(/promiscuity [1-9]/);
      session.send('q');
      expect(await session.waitForExit(20_000)).toBe(0);
    } finally {
      await session.close();
    }
  });

  it.concurrent.each(ENDLESS)('$line', { timeout: 60_000 }, async ({ line, prints }) => {
    const session = await spawnInTerminal('ip', command(line), { cols: 100, rows: 32, env: environment() });
    try {
      await session.waitFor(inOrder(prints), 40_000);
      session.send(ctrl('c'));
      expect(await session.waitForExit(20_000)).toBe(130);
    } finally {
      await session.close();
    }
  });

  it.concurrent.each(REPORTS)('$line', { timeout: 60_000 }, async ({ line, prints }) => {
    const child = inside.spawn(command(line).slice(3), { cwd: folder, env: { ...process.env, ...environment() } });
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    const [status] = await once(child, 'close');
    expect(output).toMatch(inOrder(prints));
    expect(status).toBe(0);
  });
});

function contains(rows: readonly string[], wanted: string | RegExp): boolean {
  const text = rows.join('\n');
  return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
}

function inOrder(patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join('[^]*'), 'm');
}

function trafficPairs(): string[] {
  const toGateway = ['10.0.0.1', '10.0.0.9'].map((from) => `${from}>10.0.0.2`);
  const others = OTHERS.map((name) => `${peerOf(name)}>${peerOf(name).replace(/2$/, '1')}`);
  return [...toGateway, 'fd90::1>fd90::2', '10.244.0.2>10.244.0.1', ...others];
}

/** Makes the two namespaces, joined by a pair of interfaces for each name. */
function joinByEveryName(inside: Namespace, outside: Namespace): void {
  for (const { name } of [inside, outside]) execFileSync('ip', ['netns', 'add', name]);
  const links = ['eth0', 'cni0', ...OTHERS].map((name, i) => ({ name, peer: `peer${i}` }));
  const addresses = [
    ['eth0', ['10.0.0.2/24', 'fd90::2/64'], ['10.0.0.1/24', '10.0.0.8/24', '10.0.0.9/24', 'fd90::1/64']],
    ['cni0', ['10.244.0.1/24'], ['10.244.0.2/24']],
    ...OTHERS.map((name) => [name, [`${peerOf(name).replace(/2$/, '1')}/24`], [`${peerOf(name)}/24`]] as const),
  ] as const;
  const peerName = (name: string): string => links.find((link) => link.name === name)?.peer ?? '';
  batch(inside, [
    'link set lo up',
    ...links.map(
      ({ name, peer }) => `link add ${name} mtu 65000 type veth peer ${peer} mtu 65000 netns ${outside.name}`,
    ),
    ...addresses.flatMap(([name, ours]) => ours.map((address) => add(address, name))),
    ...links.map(({ name }) => `link set ${name} up`),
    'route add default via 10.0.0.1 dev eth0',
  ]);
  batch(outside, [
    ...addresses.flatMap(([name, , theirs]) => theirs.map((address) => add(address, peerName(name)))),
    ...links.map(({ peer }) => `link set ${peer} up`),
  ]);
}

function add(address: string, device: string): string {
  return `address add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`;
}

function batch({ name }: Namespace, lines: readonly string[]): void {
  execFileSync('ip', ['-n', name, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
