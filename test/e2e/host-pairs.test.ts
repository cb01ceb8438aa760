// Host pairs of live traffic against what was sent, from one run of steady senders that every test here looks at:
//
//   left (ours) ◄─veth─► right: bridge of "right" and "port2" ◄─veth─► far
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostPairExtra, HostPairRow, PairCounts } from '../../screens/host-pairs/types.ts';
import { IftopWatch } from '../support/iftop-watch.ts';
import { createNamespacePair, Namespace, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { PacedSender, type SentStream, type Stream, sentAt, sentTime } from '../support/paced-sender.ts';
import { buildProgram, PROGRAM, ROOT, temporaryHome } from '../support/program.ts';
import { type ExactFlow, tsharkFields, tsharkUnavailable } from '../support/tshark.ts';

const unavailable = namespacesUnavailable();
const hasIftop = spawnSync('iftop', ['-h']).status === 0;
const SECONDS = 11.5;
/** Somebody else, whom the compared pairs do not have. */
const CLOCK_HOST = '10.91.0.14';
const FAR_MAC = '02:00:00:00:91:0c';
const HEADERS = { udp: 8, ipv4: 20, ipv6: 40 };

/** As --json prints it, of what is used here. */
interface PrintedFigures {
  packets: PairCounts;
  ipBytes: PairCounts;
  bytesPerSecond: Record<string, [number | null, number | null]>;
  windowIpBytes: Record<string, PairCounts>;
}

type PrintedRow = Pick<HostPairRow, 'interface' | 'endpoints' | 'side'> & PrintedFigures;

interface Printed {
  time: number;
  packets: number;
  ipBytes: number;
  rows: PrintedRow[];
  pairs: PrintedFigures;
  rest: Pick<HostPairExtra, 'gone' | 'more' | 'nonIp' | 'leftOut'>;
}

function readPrinted(line: string): Printed {
  const { time, rows, totals } = JSON.parse(line);
  const { packets, ipBytes, pairs, gone, more, nonIp, leftOut } = totals;
  return { time: Date.parse(time) / 1000, packets, ipBytes, rows, pairs, rest: { gone, more, nonIp, leftOut } };
}

/** IP bytes of one datagram. */
function ipBytesOf({ from, bytes }: Stream): number {
  return bytes + HEADERS.udp + (from.includes(':') ? HEADERS.ipv6 : HEADERS.ipv4);
}

/** What was sent between two hosts, seen from the first. */
class Truth {
  readonly #streams: readonly SentStream[];

  constructor(streams: readonly SentStream[]) {
    this.#streams = streams;
  }

  /** [sent, received] of IP bytes until a moment. */
  bytes(ours: string, theirs: string, time: number): PairCounts {
    return [this.#sum(ours, theirs, time, ipBytesOf), this.#sum(theirs, ours, time, ipBytesOf)];
  }

  packets(ours: string, theirs: string, time: number): PairCounts {
    return [this.#sum(ours, theirs, time, () => 1), this.#sum(theirs, ours, time, () => 1)];
  }

  /**
   * When the last of the datagrams that a line has was sent, of whichever pair; null: no more were to come, and nobody
   * knows how long there was silence behind it. `of` tells what the line has of each pair.
   */
  countedUntil(of: (ours: string, theirs: string) => PairCounts | null): number | null {
    let [time, isOver] = [Number.NEGATIVE_INFINITY, true];
    for (const stream of this.#streams) {
      const counted = of(stream.from, stream.to)?.[0] ?? 0;
      time = Math.max(time, sentTime(stream, counted));
      if (counted < stream.sent) isOver = false;
    }
    return isOver ? null : time;
  }

  #sum(from: string, to: string, time: number, weight: (stream: Stream) => number): number {
    const streams = this.#streams.filter((stream) => stream.from === from && stream.to === to);
    return streams.reduce((sum, stream) => sum + weight(stream) * sentAt(stream, time), 0);
  }
}

/** Lines that a program has printed. */
class Watcher {
  readonly snapshots: Printed[] = [];
  #wake: () => void = () => undefined;

  constructor(namespace: Namespace, env: NodeJS.ProcessEnv, ...args: string[]) {
    const child = namespace.spawn([process.execPath, PROGRAM, ...args, '--json', '--limit', '0'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) => {
      if (JSON.parse(line).type === 'snapshot') this.snapshots.push(readPrinted(line));
      this.#wake();
    });
  }

  async until(accepts: (newest: Printed) => boolean): Promise<Printed> {
    for (;;) {
      const newest = this.snapshots.at(-1);
      if (newest !== undefined && accepts(newest)) return newest;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const hasAddress = (endpoints: PrintedRow['endpoints'], wanted: string): boolean =>
  endpoints.some(({ address }) => address === wanted);
const sum = (rows: readonly PrintedRow[], of: (row: PrintedRow) => PairCounts): PairCounts =>
  rows.reduce<PairCounts>(([sent, received], row) => [sent + of(row)[0], received + of(row)[1]], [0, 0]);
const together = ([sent, received]: PairCounts): number => sent + received;

/** What must hold in every line, whatever was sent. */
function expectWhole({ rows, pairs, rest, packets, ipBytes }: Printed): void {
  const { gone, more, nonIp, leftOut } = rest;
  expect(together(sum(rows, (row) => row.packets)) + gone.packets + more.packets).toBe(together(pairs.packets));
  expect(together(sum(rows, (row) => row.ipBytes)) + gone.ipBytes + more.ipBytes).toBe(together(pairs.ipBytes));
  expect(together(pairs.packets) + nonIp.packets + leftOut.packets).toBe(packets);
  expect(together(pairs.ipBytes) + nonIp.ipBytes + leftOut.ipBytes).toBe(ipBytes);
  for (const window of ['2s', '10s', '40s']) {
    expect(sum(rows, (row) => row.windowIpBytes[window])).toEqual(pairs.windowIpBytes[window]);
  }
}

describe.skipIf(unavailable !== null)(`live host pairs (${unavailable ?? 'in namespaces'})`, () => {
  const home = temporaryHome();
  const env = { ...process.env, ...home.env };
  const [left4, left6, far4, far6, other] = ['10.91.0.1', 'fd91::1', '10.91.0.12', 'fd91::12', '10.91.0.13'];
  const pairs = [
    [left4, far4],
    [left4, other],
    [left6, far6],
  ] as const;
  let namespaces: NamespacePair;
  let far: Namespace;
  let truth: Truth;
  let [own, mirror, all]: Watcher[] = [];
  let iftop: IftopWatch | null = null;

  beforeAll(async () => {
    buildProgram();
    namespaces = await createNamespacePair('pairs');
    const { left, right } = namespaces;
    far = new Namespace(`${right.name}f`, 'far', 12);
    joinByBridge(left, right, far);
    own = new Watcher(left, env, '--pairs', 'left');
    mirror = new Watcher(right, env, '--pairs', 'port2', '--promiscuous');
    all = new Watcher(right, env, '--pairs', 'all');
    if (hasIftop) iftop = new IftopWatch(left, 'left');
    const here = new PacedSender(
      left,
      [
        { from: left4, to: far4, bytes: 500, perSecond: 400 },
        { from: left4, to: other, bytes: 1000, perSecond: 200 },
        { from: left6, to: far6, bytes: 200, perSecond: 400 },
      ],
      SECONDS,
    );
    const there = new PacedSender(
      far,
      [
        { from: far4, to: left4, bytes: 100, perSecond: 200 },
        { from: far6, to: left6, bytes: 600, perSecond: 400 },
        { from: other, to: left4, bytes: 10, perSecond: 0 },
      ],
      SECONDS,
    );
    await Promise.all([
      here.ready(),
      there.ready(),
      ...[own, mirror, all].map((each) => each.until(() => true)),
      iftop?.listening,
    ]);
    // Its clock goes on with packets alone.
    left.spawn(['ping', '-q', '-i', '0.5', CLOCK_HOST], { stdio: 'ignore' });
    const streams = (await Promise.all([here.send(), there.send()])).flat();
    truth = new Truth(streams);
    const carried = streams.reduce((packets, { sent }) => packets + sent, 0);
    const ofThem = ({ rows }: Printed): PrintedRow[] =>
      rows.filter(({ endpoints }) => pairs.some((pair) => pair.every((each) => hasAddress(endpoints, each))));
    const has = (times: number) => (printed: Printed) =>
      together(sum(ofThem(printed), (each) => each.packets)) >= times * carried;
    await Promise.all([own.until(has(1)), mirror.until(has(1)), all.until(has(2))]);
  });
  afterAll(() => {
    far?.remove();
    namespaces?.dispose();
    home.remove();
  });

  function row(printed: Printed, ours: string, theirs: string, interfaceName: string): PrintedRow {
    const found = printed.rows.filter(
      ({ endpoints, interface: name }) =>
        name === interfaceName && hasAddress(endpoints, ours) && hasAddress(endpoints, theirs),
    );
    expect(found).toHaveLength(1);
    return found[0];
  }

  it('add up to the totals in every line', () => {
    for (const { snapshots } of [own, mirror, all]) for (const printed of snapshots) expectWhole(printed);
  });

  it('have the counts of the senders, from our side', () => {
    const last = own.snapshots.at(-1) as Printed;
    for (const [ours, theirs] of pairs) {
      const { side, endpoints, packets, ipBytes } = row(last, ours, theirs, 'left');
      expect([side, endpoints[0].address]).toEqual(['address', ours]);
      expect(packets).toEqual(truth.packets(ours, theirs, Number.POSITIVE_INFINITY));
      expect(ipBytes).toEqual(truth.bytes(ours, theirs, Number.POSITIVE_INFINITY));
    }
  });

  it('have the same where strangers are overheard, and by each interface of all', () => {
    const views = [
      [mirror, 'port2'],
      [all, 'port2'],
      [all, 'right'],
    ] as const;
    for (const [watcher, interfaceName] of views) {
      for (const [ours, theirs] of pairs) {
        const found = row(watcher.snapshots.at(-1) as Printed, ours, theirs, interfaceName);
        // Nothing tells which of them is ours: the lower address stands first.
        expect([found.side, found.endpoints[0].address]).toEqual(['order', ours]);
        expect(found.packets).toEqual(truth.packets(ours, theirs, Number.POSITIVE_INFINITY));
        expect(found.ipBytes).toEqual(truth.bytes(ours, theirs, Number.POSITIVE_INFINITY));
      }
    }
  });

  it.skipIf(!hasIftop)('have what the real iftop has counted, within 2 %', async () => {
    const isClose = (report: ReadonlyMap<string, PairCounts>): boolean =>
      pairs.every(([ours, theirs]) => {
        const { ipBytes } = row(own.snapshots.at(-1) as Printed, ours, theirs, 'left');
        const counted = report.get(`${ours}>${theirs}`);
        return counted?.every((bytes, side) => Math.abs(bytes - ipBytes[side]) <= 0.02 * ipBytes[side]) === true;
      });
    await iftop?.until(isClose);
  });

  it('count no more at any printed second than had been sent', () => {
    for (const printed of own.snapshots) {
      for (const { endpoints, packets } of printed.rows) {
        const [ours, theirs] = endpoints.map(({ address }) => address) as [string, string];
        if (!pairs.some(([a, b]) => a === ours && b === theirs)) continue;
        const [most] = truth.packets(ours, theirs, printed.time);
        expect(packets[0]).toBeLessThanOrEqual(most);
      }
    }
  });

  it('have averages within 1 % of the truth once their window is full', () => {
    const counts = (printed: Printed) => (from: string, to: string) => {
      const found = printed.rows.find(({ endpoints }) => [from, to].every((each) => hasAddress(endpoints, each)));
      if (found === undefined) return null;
      return found.endpoints[0].address === from ? found.packets : ([...found.packets].reverse() as PairCounts);
    };
    const until = own.snapshots.map((printed) => truth.countedUntil(counts(printed)));
    const began = own.snapshots.findIndex(({ pairs: all }) => together(all.packets) > 100);
    const deviations: number[] = [];
    for (const seconds of [2, 10]) {
      for (let k = began + seconds; k < own.snapshots.length; k++) {
        const [from, to] = [until[k - seconds], until[k]];
        if (from === null || to === null) continue;
        for (const [ours, theirs] of pairs) {
          const [then, now] = [own.snapshots[k - seconds], own.snapshots[k]].map((each) =>
            row(each, ours, theirs, 'left'),
          );
          for (const side of [0, 1] as const) {
            const expected = (now.ipBytes[side] - then.ipBytes[side]) / (to - from);
            if (expected > 0)
              deviations.push(Math.abs((now.bytesPerSecond[`${seconds}s`][side] as number) / expected - 1));
          }
        }
      }
    }
    expect(deviations.length).toBeGreaterThan(20);
    // Where a sender is held up between sending and writing it down, its truth is the less exact one.
    expect(deviations.filter((each) => each > 0.01).length).toBeLessThan(deviations.length / 5);
  });
});

/** The right end becomes a port of a bridge, and the far namespace another one. Neighbours are given, as elsewhere. */
function joinByBridge(left: Namespace, right: Namespace, far: Namespace): void {
  execFileSync('ip', ['netns', 'add', far.name]);
  const ip = (namespace: Namespace, line: string): string => namespace.run('ip', ...line.split(' '));
  for (const name of ['all', 'default', 'right']) right.run('sysctl', '-qw', `net.ipv6.conf.${name}.disable_ipv6=1`);
  ip(right, 'link add br0 type bridge mcast_snooping 0');
  ip(right, `link add port2 type veth peer name far address ${FAR_MAC} netns ${far.name}`);
  ip(right, 'address flush dev right');
  for (const port of ['right', 'port2']) ip(right, `link set ${port} master br0`);
  for (const name of ['port2', 'br0']) ip(right, `link set ${name} up`);
  far.run('sysctl', '-qw', 'net.ipv6.conf.far.accept_dad=0');
  ip(far, 'link set lo up');
  for (const address of ['10.91.0.12/24', '10.91.0.13/24', `${CLOCK_HOST}/24`])
    ip(far, `address add ${address} dev far`);
  ip(far, '-6 address add fd91::12/64 dev far nodad');
  ip(far, 'link set far up');
  for (const address of ['10.91.0.12', '10.91.0.13', CLOCK_HOST, 'fd91::12']) {
    ip(left, `neighbour replace ${address} lladdr ${FAR_MAC} dev left nud permanent`);
  }
  for (const address of [left.ipv4, left.ipv6]) {
    ip(far, `neighbour replace ${address} lladdr ${left.mac} dev far nud permanent`);
  }
  // Each datagram is a packet of its own.
  for (const [end, name] of [
    [left, 'left'],
    [far, 'far'],
  ] as const) {
    end.run('ethtool', '-K', name, 'tso', 'off', 'gso', 'off', 'gro', 'off');
  }
}

const noTshark = tsharkUnavailable();

describe.skipIf(noTshark !== null)(`host pairs of a file (${noTshark ?? 'against tshark'})`, () => {
  it('carry what tshark counts between their addresses', () => {
    const home = temporaryHome();
    buildProgram();
    const path = join(ROOT, 'test/fixtures/mixed.pcapng');
    const args = [PROGRAM, '--pairs', 'all', '-r', path, '--json', '--limit', '0'];
    const line = execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...home.env } });
    home.remove();
    expectWhole(readPrinted(line));
    const flows = new Map<string, ExactFlow>();
    for (const { endpoints, packets, wireBytes } of JSON.parse(line).rows as HostPairRow[]) {
      for (const side of [0, 1] as const) {
        if (packets[side] === 0) continue;
        const key = `${endpoints[side].address}>${endpoints[1 - side].address}`;
        const { frames, bytes } = flows.get(key) ?? { frames: 0, bytes: 0 };
        flows.set(key, { frames: frames + packets[side], bytes: bytes + wireBytes[side] });
      }
    }
    expect(sorted(flows)).toEqual(sorted(outermostFlows(path)));
  });
});

const sorted = (flows: Map<string, ExactFlow>): [string, ExactFlow][] =>
  [...flows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** Frames and their lengths by "source>destination", as tshark reads them; of a tunnel its ends count. */
function outermostFlows(path: string): Map<string, ExactFlow> {
  const fields = ['frame.len', 'frame.protocols', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst'];
  const flows = new Map<string, ExactFlow>();
  for (const [length, protocols, ...addresses] of tsharkFields(path, fields, 'ip or ipv6')) {
    const outermost = protocols.split(':').find((protocol) => protocol === 'ip' || protocol === 'ipv6');
    const [from, to] = outermost === 'ip' ? addresses : addresses.slice(2);
    const { frames, bytes } = flows.get(`${from}>${to}`) ?? { frames: 0, bytes: 0 };
    flows.set(`${from}>${to}`, { frames: frames + 1, bytes: bytes + Number(length) });
  }
  return flows;
}
