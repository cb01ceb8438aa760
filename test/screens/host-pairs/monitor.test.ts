// The host pair monitor's engine side, through the whole engine, on packets and clocks of the test's own.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  HOST_GROUPING,
  type HostPairExtra,
  type HostPairOptions,
  type HostPairRow,
  type PairGrouping,
} from '../../../screens/host-pairs/types.ts';
import type { LinkView } from '../../../src/engine/link-view.ts';
import type { EngineOptions, Snapshot } from '../../../src/engine/messages.ts';
import type { Query } from '../../../src/engine/monitor.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../../src/wire/numbers.ts';
import { EngineStage } from '../../support/engine-stage.ts';
import { readPackets } from '../../support/file-engine.ts';
import { linkView } from '../../support/links.ts';
import { ethernet, filler, ipv4, ipv6, type TestPacket, udp } from '../../support/packets.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A frame with so many IP bytes. */
function frame(source: string, destination: string, ipBytes = 100, ports: [number, number] = [1000, 2000]): Uint8Array {
  if (source.includes(':')) {
    const packet = ipv6({ source, destination, nextHeader: IP_PROTOCOL.udp }, udp(...ports, filler(ipBytes - 48)));
    return ethernet(ETHERTYPE.ipv6, packet);
  }
  const fields = { source, destination, protocol: IP_PROTOCOL.udp };
  return ethernet(ETHERTYPE.ipv4, ipv4(fields, udp(...ports, filler(ipBytes - 28))));
}

const times = (count: number, one: Uint8Array): Uint8Array[] => new Array<Uint8Array>(count).fill(one);

const QUERY = { sort: 'bytes', descending: true, offset: 0, limit: 0, follow: null };

/** A live engine whose interface eth0 has these addresses; they may be changed. */
class Stage {
  addresses = ['10.0.0.1/24', 'fd00::1/64'];
  readonly stage: EngineStage;
  names = ['eth0'];
  /** What else is known of the interfaces. */
  link: Partial<LinkView> = {};
  #links: LinkView[] = [];

  constructor(options: Partial<EngineOptions> = {}) {
    this.stage = new EngineStage({ monitors: ['host-pairs'], ...options }, { links: () => this.#read() });
  }

  #read(): LinkView[] {
    const [known] = this.#links;
    if (known?.addresses !== this.addresses || this.#links.length !== this.names.length)
      this.#links = this.names.map((name) => linkView(name, { ...this.link, addresses: this.addresses }));
    return this.#links;
  }

  async start(): Promise<this> {
    await this.stage.start();
    return this;
  }

  ask(options: Partial<HostPairOptions> = {}, query: Partial<Query> = {}): Snapshot<HostPairRow> {
    const whole = { grouping: HOST_GROUPING, search: null, screenFilter: null, frozen: false, ...options };
    return this.stage.engine.page('host-pairs', {
      ...QUERY,
      options: whole,
      ...query,
    }) as Snapshot<HostPairRow>;
  }
}

const shown = ({ rows }: Snapshot<HostPairRow>): string[] =>
  rows.map(({ endpoints }) =>
    endpoints
      .map(
        ({ address, prefix, port }) =>
          `${address ?? '*'}${prefix === null ? '' : `/${prefix}`}${port === null ? '' : ` ${port}`}`,
      )
      .join(' > '),
  );
const extraOf = ({ extra }: Snapshot): HostPairExtra => extra as unknown as HostPairExtra;

describe('averages', () => {
  it('are those of steady traffic in each window, from the first second on', async () => {
    const desk = await new Stage().start();
    expect(desk.ask().rows).toEqual([]);
    expect(extraOf(desk.ask()).totals.rates[0]).toEqual([null, null]);
    for (let second = 1; second <= 45; second++) {
      desk.stage.receive([
        ...times(40, frame('10.0.0.1', '10.0.0.2', 250)),
        ...times(3, frame('10.0.0.2', '10.0.0.1', 100)),
      ]);
      desk.stage.wait(1);
      const [{ rates, counts, peak, packets, side }] = desk.ask().rows;
      for (const [sent, received] of rates) {
        expect(sent).toBeGreaterThan(9900);
        expect(sent).toBeLessThan(10_001);
        expect(received).toBeGreaterThan(297);
        expect(received).toBeLessThan(300.1);
      }
      expect(counts).toEqual(
        [2, 10, 40].map((window) => [Math.min(window, second) * 10_000, Math.min(window, second) * 300]),
      );
      expect(peak[2]).toBeGreaterThan(10_190);
      expect(packets).toEqual([second * 40, second * 3]);
      expect(side).toBe('address');
    }
  });

  it('of a young pair are over its age', async () => {
    const desk = await new Stage().start();
    desk.stage.receive(times(10, frame('10.0.0.1', '10.0.0.2'))).wait(20);
    desk.stage.receive(times(10, frame('10.0.0.1', '10.0.0.3', 200))).wait(1);
    const young = desk.ask().rows.find(({ endpoints }) => endpoints[1].address === '10.0.0.3');
    expect(young?.rates.map(([sent]) => Math.round((sent as number) / 100))).toEqual([20, 20, 20]);
  });

  it.each([3600, -3600])('are not disturbed where the clock is set by %s s, and no pair leaves', async (step) => {
    const desk = await new Stage().start();
    const second = times(10, frame('10.0.0.1', '10.0.0.2'));
    desk.stage.receive([frame('10.0.0.1', '10.0.0.9')]);
    for (let k = 0; k < 12; k++) desk.stage.receive(second).wait(1);
    desk.stage.wallClockStep = step;
    for (let k = 0; k < 12; k++) {
      desk.stage.receive(second).wait(1);
      const [{ rates }] = desk.ask().rows;
      expect(rates[0][0]).toBeCloseTo(1000, -1);
      expect(rates[1][0]).toBeCloseTo(1000, -1);
    }
    expect(desk.ask().rows).toHaveLength(2);
    expect(desk.ask().rows[0].lastSeen).toBeCloseTo(1023 + step, 0);
    // Silent for 40 s, by whatever the clock says.
    for (let k = 0; k < 20; k++) desk.stage.receive(second).wait(1);
    expect(desk.ask().rows).toHaveLength(1);
    expect(extraOf(desk.ask()).gone).toMatchObject({ pairs: 1, packets: 1, ipBytes: 100 });
  });

  it('begin anew at a reset', async () => {
    const desk = await new Stage().start();
    desk.stage.receive([frame('10.0.0.1', '10.0.0.2')]).wait(1);
    desk.stage.engine.reset();
    expect(desk.ask().rows).toEqual([]);
    expect(extraOf(desk.ask()).totals).toMatchObject({ packets: [0, 0], peak: [null, null, null] });
  });
});

describe('which end is ours', () => {
  it('follows the addresses of the interface as they change', async () => {
    const desk = await new Stage().start();
    desk.stage.receive([frame('10.0.0.9', '10.0.0.5'), frame('fd00::9', 'fd00::1')]).wait(1);
    expect(shown(desk.ask()).sort()).toEqual(['10.0.0.5 > 10.0.0.9', 'fd00::1 > fd00::9']);
    expect(desk.ask().rows.map(({ packets }) => packets)).toEqual([
      [0, 1],
      [0, 1],
    ]);
    desk.addresses = ['10.0.0.9/24'];
    desk.stage.wait(1);
    expect(shown(desk.ask()).sort()).toEqual(['10.0.0.9 > 10.0.0.5', 'fd00::1 > fd00::9']);
    const changed = desk.ask().rows.find(({ endpoints }) => endpoints[0].address === '10.0.0.9');
    expect(changed).toMatchObject({ side: 'address', packets: [1, 0] });
    expect(extraOf(desk.ask()).totals.packets).toEqual([1, 1]);
  });

  it('of an interface that comes later is known with its first packet, and nothing is counted twice', async () => {
    const desk = await new Stage({ monitors: ['host-pairs', 'ports'] }).start();
    desk.names = ['eth0', 'eth1', 'eth2'];
    const count = (): number => extraOf(desk.ask()).totals.packets[0] + extraOf(desk.ask()).totals.packets[1];
    desk.stage.receive([frame('10.0.0.9', '10.0.0.1')]).wait(1);
    for (const [slot, name] of [
      [2, 'eth2'],
      [3, 'eth3'],
    ] as const) {
      const known = desk.stage.source.interfaces[0];
      desk.stage.source.interfaces.push({ ...known, slot, name });
      desk.stage.receive([frame('10.0.0.9', '10.0.0.1')]).wait(1);
    }
    expect(count()).toBe(3);
    const ports = desk.stage.engine.page('ports', { ...QUERY, options: { view: 'services', search: null } });
    expect(ports.extra).toMatchObject({ packets: 3, ipBytes: 300, bytesPerSecond: desk.stage.totals.bytesPerSecond });
    expect(desk.stage.totals.packets).toBe(3);
  });

  it.each<[string, Partial<LinkView>, boolean, string]>([
    ['a card', { virtual: false, kind: 'e1000e' }, false, 'hardware 10.0.9.9 > 10.0.9.5'],
    ['a bridge', { kind: 'bridge' }, false, 'hardware 10.0.9.9 > 10.0.9.5'],
    ['a card that hears everything', { virtual: false }, true, 'order 10.0.9.5 > 10.0.9.9'],
    ['a bridge that hears everything', { kind: 'bridge' }, true, 'order 10.0.9.5 > 10.0.9.9'],
    ['a port of a bridge', { virtual: false, master: 'br0' }, false, 'order 10.0.9.5 > 10.0.9.9'],
    ['what takes frames for others', { kind: 'veth' }, false, 'order 10.0.9.5 > 10.0.9.9'],
  ])('%s: of forwarded traffic that only comes in', async (_, link, promiscuous, answer) => {
    const source = { kind: 'live', interfaces: 'all', capture: 'ring', promiscuous } as const;
    const desk = new Stage({ source });
    desk.link = { mac: '02:00:00:00:00:99', ...link };
    await desk.start();
    desk.stage.receive([frame('10.0.9.5', '10.0.9.9')]).wait(1);
    expect(`${desk.ask().rows[0].side} ${shown(desk.ask())[0]}`).toBe(answer);
  });

  it('leaves out what is asked to be left out, and says how much', async () => {
    const pairs = { quantity: 'packets', networks: [], crossingOnly: false, linkLocal: false } as const;
    const desk = await new Stage({ pairs }).start();
    desk.stage.receive([frame('fe80::9', 'ff02::1'), frame('10.0.0.1', '10.0.0.2')]).wait(1);
    expect(shown(desk.ask())).toEqual(['10.0.0.1 > 10.0.0.2']);
    expect(extraOf(desk.ask())).toMatchObject({ quantity: 'packets', leftOut: { packets: 1, ipBytes: 100 } });
    expect(desk.ask().rows[0].counts[0]).toEqual([1, 0]);
  });
});

describe('questions', () => {
  const PORTS: PairGrouping = {
    ours: { ...HOST_GROUPING.ours, ports: true },
    theirs: { ...HOST_GROUPING.theirs, ports: true },
  };
  const NETWORKS: PairGrouping = { ...HOST_GROUPING, theirs: { ...HOST_GROUPING.theirs, ipv4Prefix: 24 } };
  const ONE_SIDE: PairGrouping = { ...HOST_GROUPING, theirs: { ...HOST_GROUPING.theirs, hidden: true } };

  async function busy(): Promise<Stage> {
    const desk = await new Stage().start();
    desk.stage.receive([
      frame('10.0.0.1', '192.0.2.7', 500, [1000, 443]),
      frame('10.0.0.1', '192.0.2.8', 400, [1000, 80]),
      frame('10.0.0.1', '198.51.100.7', 300, [1001, 443]),
      frame('fd00::1', '2001:db8::7', 200, [1002, 443]),
      frame('10.0.0.1', '192.0.2.7', 100, [1003, 80]),
    ]);
    desk.stage.wait(1);
    return desk;
  }

  it('say how pairs are put together', async () => {
    const desk = await busy();
    expect(shown(desk.ask())).toEqual([
      '10.0.0.1 > 192.0.2.7',
      '10.0.0.1 > 192.0.2.8',
      '10.0.0.1 > 198.51.100.7',
      'fd00::1 > 2001:db8::7',
    ]);
    expect(shown(desk.ask({ grouping: PORTS }))[0]).toBe('10.0.0.1 1000 > 192.0.2.7 443');
    expect(desk.ask({ grouping: PORTS }).rows[0]).toMatchObject({ protocol: 'udp', ipProtocol: 17 });
    expect(shown(desk.ask({ grouping: NETWORKS })).slice(0, 2)).toEqual([
      '10.0.0.1 > 192.0.2.0/24',
      '10.0.0.1 > 198.51.100.0/24',
    ]);
    const [together] = desk.ask({ grouping: ONE_SIDE }).rows;
    expect([shown(desk.ask({ grouping: ONE_SIDE }))[0], together.ipBytes, together.conversations]).toEqual([
      '10.0.0.1 > *',
      [1300, 0],
      4,
    ]);
  });

  it('are of the last whole second, and say how long ago that was', async () => {
    const desk = await busy();
    const packets = extraOf(desk.ask()).totals.packets[0];
    expect(extraOf(desk.ask()).secondsAgo).toBe(0);
    desk.stage.receive([frame('10.0.0.1', '192.0.2.7', 100)]).wait(0.5);
    expect(extraOf(desk.ask()).secondsAgo).toBeCloseTo(0.5, 2);
    expect(extraOf(desk.ask()).totals.packets).toEqual([packets, 0]);
    desk.stage.wait(0.5);
    expect(extraOf(desk.ask()).secondsAgo).toBeCloseTo(0, 2);
    expect(extraOf(desk.ask()).totals.packets).toEqual([packets + 1, 0]);
  });

  it('that do not say how take pairs as they are, held or not', async () => {
    const desk = await busy();
    const { rows, rowsTotal } = desk.ask({ grouping: PORTS, frozen: true });
    const [first] = rows;
    const busiest = { sort: 'rate-2s', limit: 1 };
    expect(desk.ask({ grouping: undefined, frozen: undefined }, busiest).rows[0].id).toBe(first.id);
    desk.stage.receive([frame('10.0.0.1', '192.0.2.99', 9000)]).wait(1);
    expect(desk.ask({ grouping: undefined, frozen: undefined }).rowsTotal).toBe(rowsTotal + 1);
    expect(desk.ask({ grouping: PORTS, frozen: true }).rows[0].id).toBe(first.id);
    expect(desk.ask({ grouping: PORTS, frozen: true }).rowsTotal).toBe(rowsTotal);
  });

  it('of a log beside a screen have single hosts, and leave those of the screen alone', async () => {
    const pairs = { quantity: 'ipBytes', networks: [], crossingOnly: false, linkLocal: true, forLog: true } as const;
    const desk = await new Stage({ pairs }).start();
    desk.stage.receive([frame('10.0.0.1', '192.0.2.7', 500), frame('10.0.0.1', '192.0.2.8', 400)]).wait(1);
    const ofScreen = desk.ask({ grouping: ONE_SIDE });
    const ofLog = desk.ask({ frozen: undefined });
    expect(shown(ofScreen)).toEqual(['10.0.0.1 > *']);
    expect(shown(ofLog)).toEqual(['10.0.0.1 > 192.0.2.7', '10.0.0.1 > 192.0.2.8']);
    expect(extraOf(ofLog).totals).toEqual(extraOf(ofScreen).totals);
    desk.stage.receive([frame('10.0.0.1', '192.0.2.8', 400)]).wait(1);
    expect(desk.ask({ grouping: ONE_SIDE }).rows[0]).toMatchObject({ id: ofScreen.rows[0].id, packets: [3, 0] });
    expect(desk.ask({ frozen: undefined }).rows.map(({ packets }) => packets[0])).toEqual([2, 1]);
  });

  it.each([
    ['198.51', ['10.0.0.1 > 198.51.100.7']],
    ['host:192.0.2.0/24', ['10.0.0.1 > 192.0.2.7', '10.0.0.1 > 192.0.2.8']],
    ['!host:10.0.0.1', ['fd00::1 > 2001:db8::7']],
    ['iface:eth0 7', ['10.0.0.1 > 192.0.2.7', '10.0.0.1 > 198.51.100.7', 'fd00::1 > 2001:db8::7']],
    ['iface:eth1', []],
    // Ports and protocols are not shown here.
    ['port:443', []],
  ])('search for %s', async (search, found) => {
    const desk = await busy();
    const answer = desk.ask({ search });
    expect(shown(answer)).toEqual(found);
    expect([answer.rowsTotal, answer.hidden]).toEqual([found.length, 4 - found.length]);
    expect(extraOf(answer).totals.ipBytes).toEqual([1500, 0]);
  });

  it('search for ports and names', async () => {
    const desk = await busy();
    expect(desk.ask({ grouping: PORTS, search: 'port:443' }).rows).toHaveLength(3);
    expect(desk.ask({ grouping: PORTS, search: 'proto:udp !port:80' }).rows).toHaveLength(3);
    const searchNames = [{ addresses: ['192.0.2.8'] }];
    expect(shown(desk.ask({ search: 'web.example', searchNames }))).toEqual(['10.0.0.1 > 192.0.2.8']);
  });

  it('hide what the screen filter does not match, by its text or by what its names stand for', async () => {
    const desk = await busy();
    const filter = (pattern: string, parts = {}) => ({ screenFilter: { pattern, addresses: [], ports: [], ...parts } });
    expect(shown(desk.ask(filter('^192\\.0\\.2\\.[78]$')))).toHaveLength(2);
    expect(shown(desk.ask(filter('nothing')))).toEqual([]);
    expect(shown(desk.ask(filter('nothing', { addresses: ['2001:db8::7'] })))).toEqual(['fd00::1 > 2001:db8::7']);
    expect(shown(desk.ask({ grouping: PORTS, ...filter('\\.7:443$|^\\[.*\\]:443') }))).toHaveLength(3);
    expect(shown(desk.ask({ grouping: PORTS, ...filter('nothing', { ports: [80] }) }))).toHaveLength(2);
    expect(shown(desk.ask({ grouping: NETWORKS, ...filter('/24$') }))).toHaveLength(2);
    // What would keep other engines busy for years.
    expect(desk.ask(filter('^(([0-9a-f:.])+)+x$')).hidden).toBe(4);
  });

  it('order rows', async () => {
    const desk = await busy();
    const order = (sort: string, descending: boolean): string[] =>
      shown(desk.ask({}, { sort, descending })).map((each) => each.split(' > ')[1]);
    const bySize = ['192.0.2.7', '192.0.2.8', '198.51.100.7', '2001:db8::7'];
    expect(order('bytes', true)).toEqual(bySize);
    expect(order('rate-2s', false)).toEqual([...bySize].reverse());
    expect(order('packets', true)[0]).toBe('192.0.2.7');
    expect(order('destination', false)).toEqual(bySize);
    expect(order('destination', true)).toEqual([...bySize].reverse());
    expect(order('source', true)[0]).toBe('2001:db8::7');
    expect(shown(desk.ask({}, { sort: null }))).toEqual(shown(desk.ask({}, { sort: 'rate-10s', descending: true })));
  });

  it('give pages, and keep a followed row in sight', async () => {
    const desk = await busy();
    const all = desk.ask();
    const second = desk.ask({}, { offset: 1, limit: 2 });
    expect([shown(second), second.offset, second.rowsTotal]).toEqual([shown(all).slice(1, 3), 1, 4]);
    const followed = desk.ask({}, { limit: 2, follow: all.rows[3].id });
    expect([followed.offset, shown(followed)]).toEqual([2, shown(all).slice(2)]);
  });

  it('freeze rows and their order until they say otherwise', async () => {
    const desk = await busy();
    const before = shown(desk.ask({ frozen: true }));
    desk.stage.receive([...times(9, frame('fd00::1', '2001:db8::7', 900)), frame('10.0.0.1', '10.0.0.2')]).wait(1);
    // Something else asks in between.
    desk.ask({ frozen: undefined }, { limit: 1 });
    expect(shown(desk.ask({ frozen: true }))).toEqual(before);
    expect(desk.ask({ frozen: true }).rows[3].packets).toEqual([10, 0]);
    expect(shown(desk.ask({ frozen: true, search: '192.0.2.8' }))).toEqual([before[1]]);
    const now = shown(desk.ask());
    expect([now.length, now[0]]).toEqual([5, before[3]]);
    expect(shown(desk.ask({ frozen: true }))).toEqual(now);
  });

  it('for all rows have the counters of one moment, however long they are written', async () => {
    const desk = await new Stage().start();
    const frames = Array.from({ length: 500 }, (_, k) => frame(`10.0.0.1`, `192.0.${k >> 8}.${k & 255}`));
    for (let k = 0; k < frames.length; k += 250) desk.stage.receive(frames.slice(k, k + 250));
    desk.stage.wait(1);
    const query = { ...QUERY, options: {} };
    const slices = desk.stage.engine.slices('host-pairs', query, 200)[Symbol.iterator]();
    const rows = [...(slices.next().value as HostPairRow[])];
    for (let k = 0; k < frames.length; k += 250) desk.stage.receive(frames.slice(k, k + 250));
    desk.stage.wait(45);
    for (let next = slices.next(); next.done !== true; next = slices.next())
      rows.push(...(next.value as HostPairRow[]));
    expect(rows).toHaveLength(500);
    expect(rows.every(({ packets, interface: name }) => packets[0] === 1 && name === 'eth0')).toBe(true);
    expect(new Set(rows.map(({ endpoints }) => endpoints[1].address)).size).toBe(500);
  });
});

describe('a file', () => {
  const at = (milliseconds: number, bytes: Uint8Array): TestPacket => ({
    bytes,
    seconds: 1000 + Math.floor(milliseconds / 1000),
    nanoseconds: (milliseconds % 1000) * 1e6,
  });

  async function read(packets: readonly TestPacket[]): Promise<Snapshot<HostPairRow>> {
    vi.useRealTimers();
    const file = await readPackets(packets, ['host-pairs']);
    const snapshot = await file.snapshot<HostPairRow>('host-pairs');
    await file.stop();
    return snapshot;
  }

  it('has averages of packet time, its last cut-short second among them', async () => {
    const steady = Array.from({ length: 1530 }, (_, k) => at(k * 10, frame('10.0.0.1', '10.0.0.2')));
    const { rows } = await read(steady);
    expect(rows[0].packets).toEqual([1530, 0]);
    for (const [sent] of rows[0].rates) expect(Math.abs((sent as number) / 10_000 - 1)).toBeLessThan(0.02);
    // 15.29 s: the last second lasted three tenths of it.
    expect(rows[0].counts.map(([sent]) => sent)).toEqual([13_000, 93_000, 153_000]);
  });

  it('of one packet has an average over a second', async () => {
    const { rows } = await read([at(0, frame('10.0.0.1', '10.0.0.2', 500))]);
    expect(rows[0].rates[0]).toEqual([500, 0]);
  });

  it('knows what is over after a long silence', async () => {
    const snapshot = await read([
      at(0, frame('10.0.0.1', '10.0.0.2')),
      at(100_000_000, frame('10.0.0.1', '10.0.0.3', 200)),
      at(100_001_500, frame('10.0.0.1', '10.0.0.3', 200)),
    ]);
    expect(snapshot.rows.map(({ endpoints }) => endpoints[1].address)).toEqual(['10.0.0.3']);
    expect(extraOf(snapshot).gone).toMatchObject({ pairs: 1, packets: 1 });
    expect(snapshot.rows[0].rates[0][0]).toBeCloseTo(400 / 1.5, 0);
    expect(extraOf(snapshot).totals.rates[2][0]).toBeCloseTo(400 / 39.5, 0);
  });
});
