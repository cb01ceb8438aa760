/** The detailed interface statistics on a bus, with interfaces and a kernel of its own, and the traffic of golden screens. */
import { DetailedMonitor } from '../../screens/detailed/monitor.ts';
import type { DetailedExtra, DetailedOptions, DetailedRow } from '../../screens/detailed/types.ts';
import type { Screen } from '../../screens/kit/screen.ts';
import { Bus } from '../../src/engine/bus.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { EngineOptions, Snapshot, SnapshotHead } from '../../src/engine/messages.ts';
import type { MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { Totals } from '../../src/tables/totals.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { BATCH_CAPACITY, PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { linkView } from './links.ts';
import { arp, ethernet, filler, icmp, ipv4, ipv6, packetBatch, pad, type TestPacket, tcp, udp } from './packets.ts';
import { snapshotHead } from './screens.ts';

export interface Frames extends Pick<TestPacket, 'bytes' | 'packetType' | 'gsoSize' | 'wireLength'> {
  count?: number;
}

const BEGIN = 1_700_000_000;

/** Live where there are links, else a file. Packets pass at the present time; time goes on by wait(). */
export class DetailedStage {
  readonly bus = new Bus();
  readonly monitor = new DetailedMonitor();
  readonly totals = new Totals();
  readonly #decoder = new Decoder({ decapsulate: false, hashSeed: 1 });
  readonly #slots: string[] = [];
  #links: LinkView[] | null;
  #isNew = true;
  elapsed = 0;
  #windowBegan = 0;
  #knowsRates = false;
  readonly #live: boolean;

  constructor(links: LinkView[] | null, options: Partial<EngineOptions> = {}, interfaces: string[] | 'all' = 'all') {
    this.#links = links;
    this.#live = links !== null;
    const source: EngineOptions['source'] =
      links === null
        ? { kind: 'file', path: 'x.pcap' }
        : { kind: 'live', interfaces, capture: 'auto', promiscuous: false };
    const rateWindow = links === null ? Number.POSITIVE_INFINITY : 1;
    const shared = new Map<unknown, unknown>();
    this.monitor.attach({
      bus: this.bus,
      links: () => this.#readLinks(),
      shared: <Table>(make: new (bus: Bus) => Table): Table => {
        if (!shared.has(make)) shared.set(make, new make(this.bus));
        return shared.get(make) as Table;
      },
      interfaces: () => this.interfaces,
      now: () => this.time,
      knowsRates: () => this.#knowsRates,
      options: { source, rateWindow, expression: null, filter: null, ...options },
    } as unknown as MonitorContext);
  }

  get time(): number {
    return BEGIN + this.elapsed;
  }

  get interfaces(): SnapshotHead['interfaces'] {
    return this.#slots.map((name, slot) => ({ slot, name, up: true }));
  }

  /** As the engine does: who asks first after a reading is due makes everyone hear of it. */
  #readLinks(): readonly LinkView[] | null {
    if (this.#links !== null && this.#isNew) {
      this.#isNew = false;
      this.#links = this.#links.map((link) => ({ ...link, readAt: this.time }));
      this.bus.emit('links', this.#links);
    }
    return this.#links;
  }

  /** The kernel's view from now on. */
  kernel(links: LinkView[]): this {
    this.#links = links;
    this.#isNew = true;
    return this;
  }

  /** Packets of one interface, now. */
  pass(name: string, ...frames: readonly Frames[]): this {
    if (!this.#slots.includes(name)) this.#slots.push(name);
    const common = {
      interfaceSlot: this.#slots.indexOf(name),
      seconds: Math.floor(this.time),
      nanoseconds: Math.round((this.time % 1) * 1e9),
    };
    const packets = frames.flatMap(({ count = 1, ...frame }) => Array<TestPacket>(count).fill({ ...frame, ...common }));
    for (let at = 0; at < packets.length; at += BATCH_CAPACITY) {
      const batch = new DecodedBatch();
      this.#decoder.decode(packetBatch(packets.slice(at, at + BATCH_CAPACITY)), batch);
      batch.selected.fill(1, 0, batch.count);
      this.totals.add(batch);
      this.bus.emit('batch', batch);
    }
    return this;
  }

  /** Live: ticks four times a second, and a window each second. In a file nothing happens between packets. */
  wait(seconds: number): this {
    if (!this.#live) {
      this.elapsed += seconds;
      return this;
    }
    for (let tick = 0; tick < seconds * 4; tick++) {
      this.elapsed += 0.25;
      this.bus.emit('tick', { time: this.time, elapsed: this.elapsed, interval: 0.25 });
      if (this.elapsed % 1 === 0) this.closeWindow();
    }
    return this;
  }

  /** The end of a rate window; of a file it is its own end. */
  closeWindow(): this {
    const interval = this.elapsed - this.#windowBegan;
    this.#windowBegan = this.elapsed;
    this.#knowsRates = interval > 0;
    this.totals.closeWindow(interval);
    this.bus.emit('window', { time: this.time, elapsed: this.elapsed, interval });
    return this;
  }

  page(options: Partial<DetailedOptions> = {}): Page<DetailedRow> & { extra: DetailedExtra } {
    const query = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options };
    return this.monitor.page(query) as unknown as Page<DetailedRow> & { extra: DetailedExtra };
  }

  row(name: DetailedRow['class'], options: Partial<DetailedOptions> = {}): DetailedRow {
    const found = this.page(options).rows.find((row) => row.class === name);
    if (found === undefined) throw new Error(`no row ${name}`);
    return found;
  }

  get head(): SnapshotHead {
    const { packets, buffers, ipBytes, wireBytes, packetsPerSecond } = this.totals;
    const [bytesPerSecond, wireBytesPerSecond] = [this.totals.ipBytesPerSecond, this.totals.wireBytesPerSecond];
    const totals = { packets, buffers, ipBytes, wireBytes, packetsPerSecond, bytesPerSecond, wireBytesPerSecond };
    const head = snapshotHead({ monitor: 'detailed', interface: 'all', interfaces: this.interfaces, totals });
    const capture = { ...head.capture, source: this.#live ? ('ring' as const) : ('savefile' as const) };
    return { ...head, capture, time: this.time, elapsedSeconds: this.elapsed };
  }

  snapshot(query: Query): Snapshot {
    return { ...this.head, ...this.monitor.page(query) };
  }

  /** Asks what the screen wants to know and hands it over, as the loop does. */
  feed(screen: Screen): Snapshot {
    const snapshots = screen.queries().map(({ query }) => this.snapshot(query));
    screen.update?.(snapshots);
    return snapshots[0];
  }
}

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** One frame of each kind: 100 bytes of IP where they carry any. */
export const FRAMES = {
  tcp: ethernet(ETHERTYPE.ipv4, ipv4({ ...V4, protocol: IP_PROTOCOL.tcp }, tcp({}, filler(60)))),
  udp: ethernet(ETHERTYPE.ipv4, ipv4({ ...V4, protocol: IP_PROTOCOL.udp }, udp(1, 2, filler(72)))),
  udp6: ethernet(ETHERTYPE.ipv6, ipv6({ ...V6, nextHeader: IP_PROTOCOL.udp }, udp(1, 2, filler(52)))),
  icmp: ethernet(ETHERTYPE.ipv4, ipv4({ ...V4, protocol: IP_PROTOCOL.icmp }, icmp(8, 0, 0, filler(72)))),
  ospf: ethernet(ETHERTYPE.ipv4, ipv4({ ...V4, protocol: IP_PROTOCOL.ospf }, filler(80)), {
    destination: '01:00:5e:00:00:05',
  }),
  arp: pad(ethernet(ETHERTYPE.arp, arp({}), { destination: BROADCAST })),
} as const;

/** An IPv4 header checksum that is wrong. */
export function withBadChecksum(frame: Uint8Array): Uint8Array {
  const bad = frame.slice();
  bad[14 + 10] ^= 0x55;
  return bad;
}

const { host, outgoing } = PACKET_TYPE;

/** A card, loopback and a bridge that has more addresses than fit. */
export const HOST_LINKS: LinkView[] = [
  linkView('lo', { index: 1, kind: 'loopback', mtu: 65_536, addresses: ['127.0.0.1/8', '::1/128'] }),
  linkView('eth0', {
    index: 2,
    kind: 'ixgbe',
    speed: 10_000,
    virtual: false,
    mac: '02:42:ac:11:00:02',
    addresses: ['192.168.100.200/24', '2001:db8:1234:5678:42:acff:fe11:2/64', 'fe80::42:acff:fe11:2/64'],
    master: 'br0',
  }),
  linkView('br0', { index: 3, kind: 'bridge', lower: ['eth0'], mac: '02:42:ac:11:00:02' }),
];

/** Four minutes of traffic that swells and ebbs on eth0, a little on loopback. */
export function busyInterface(stage = new DetailedStage(HOST_LINKS)): DetailedStage {
  stage.wait(1);
  for (let second = 0; second < 240; second++) {
    const wave = Math.round(40 + 38 * Math.sin(second / 9));
    const reply = Math.round(12 + 11 * Math.sin(second / 5));
    stage.pass(
      'eth0',
      { bytes: FRAMES.tcp, wireLength: 1514, packetType: host, count: wave },
      { bytes: FRAMES.tcp, packetType: outgoing, count: reply },
      { bytes: FRAMES.udp6, packetType: host, count: second % 7 },
      { bytes: FRAMES.icmp, packetType: outgoing, count: 1 },
    );
    if (second % 30 === 3) {
      stage.pass(
        'eth0',
        { bytes: FRAMES.arp, packetType: PACKET_TYPE.broadcast, count: 3 },
        { bytes: FRAMES.ospf, packetType: PACKET_TYPE.multicast },
        { bytes: withBadChecksum(FRAMES.udp), packetType: host },
      );
    }
    if (second % 10 === 0) stage.pass('lo', { bytes: FRAMES.udp, packetType: host, count: 2 });
    stage.wait(1);
  }
  return stage.kernel(HOST_LINKS.map((link) => withCounters(link, stage))).wait(0.5);
}

/** Counters that fit what was captured, but for twelve packets that eth0 got and the capture did not. */
function withCounters(link: LinkView, stage: DetailedStage): LinkView {
  const [{ incoming, outgoing: sent }] = stage.page({ interface: link.name }).rows;
  const missed = link.name === 'eth0' ? 12 : 0;
  const kernel = {
    rxPackets: (incoming?.packets ?? 0) + missed,
    rxBytes: (incoming?.wireBytes ?? 0) + 1514 * missed,
    txPackets: sent?.packets ?? incoming?.packets ?? 0,
    txBytes: sent?.wireBytes ?? incoming?.wireBytes ?? 0,
  };
  const { kernel: _before, ...parts } = link;
  return linkView(link.name, parts, { ...kernel, rxDropped: missed });
}
