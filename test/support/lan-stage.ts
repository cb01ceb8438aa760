/** The LAN station monitor on a bus, with the tables that the engine would keep, and a small network for golden screens. */
import type { Screen } from '../../screens/kit/screen.ts';
import { LanStationsMonitor } from '../../screens/lan-stations/monitor.ts';
import type { StationNameSources } from '../../screens/lan-stations/names.ts';
import type { LanStationRow, LanStationsExtra, LanStationsOptions } from '../../screens/lan-stations/types.ts';
import { Bus } from '../../src/engine/bus.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { EngineOptions, Snapshot, SnapshotHead } from '../../src/engine/messages.ts';
import type { MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { ConversationTable } from '../../src/tables/conversation-table.ts';
import { Totals } from '../../src/tables/totals.ts';
import type { AddressBlocks } from '../../src/wire/address-blocks.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { arp, ethernet, filler, ipv4, ipv6, packetBatches, pad, type TestPacket, udp } from './packets.ts';
import { snapshotHead } from './screens.ts';

/** Engine time, seconds since 1970. */
const NOW = 1_795_229_100;

/** A page whose figures have their types. */
export type LanPage = Omit<Page<LanStationRow>, 'extra'> & { extra: LanStationsExtra };

export interface LanStageOptions {
  maximumStations?: number;
  source?: EngineOptions['source'];
  links?: readonly Partial<LinkView>[];
  interfaces?: readonly string[];
}

export class LanStage {
  readonly bus = new Bus();
  readonly monitor: LanStationsMonitor;
  readonly detach: () => void;
  readonly conversations = new ConversationTable({ maximumRows: 20_000 });
  readonly totals = new Totals();
  readonly #decoder = new Decoder({ decapsulate: false, hashSeed: 3 });
  readonly #batch = new DecodedBatch();
  readonly #interfaces: readonly string[];
  now = NOW;
  knowsRates = false;

  constructor({ maximumStations, source, links, interfaces }: LanStageOptions = {}) {
    this.monitor = new LanStationsMonitor(maximumStations);
    this.#interfaces = interfaces ?? ['eth0'];
    this.conversations.onOverflow = (changed) => this.bus.emit('changed', changed);
    this.detach = this.monitor.attach({
      bus: this.bus,
      conversations: this.conversations,
      links: () => (links ?? null) as readonly LinkView[] | null,
      interfaces: () => this.interfaces,
      now: () => this.now,
      knowsRates: () => this.knowsRates,
      options: { source: source ?? { kind: 'file', path: 'x.pcap' } },
    } as unknown as MonitorContext);
  }

  get interfaces(): SnapshotHead['interfaces'] {
    return this.#interfaces.map((name, slot) => ({ slot, name, up: true }));
  }

  /** Packets without a time of their own come now. */
  pass(packets: readonly TestPacket[]): this {
    for (const packetBatch of packetBatches(packets.map((packet) => ({ seconds: this.now, ...packet })))) {
      this.#decoder.decode(packetBatch, this.#batch);
      this.#batch.selected.fill(1, 0, this.#batch.count);
      this.conversations.account(this.#batch);
      this.totals.add(this.#batch);
      this.bus.emit('batch', this.#batch);
    }
    return this;
  }

  closeWindow(interval = 1): this {
    this.now += interval;
    this.knowsRates = true;
    this.totals.closeWindow(interval);
    this.conversations.closeWindow(interval, (changed) => this.bus.emit('changed', changed));
    this.bus.emit('window', { time: this.now, elapsed: this.now - NOW, interval });
    return this;
  }

  reset(): void {
    this.conversations.reset();
    this.knowsRates = false;
    this.bus.emit('reset');
  }

  page(options: Partial<LanStationsOptions> = {}, query: Partial<Query> = {}): LanPage {
    const full = { panel: 'stations', byteKind: 'ip', search: null, ...options };
    return this.monitor.page({
      sort: 'bytes',
      descending: true,
      offset: 0,
      limit: 0,
      follow: null,
      options: full,
      ...query,
    }) as unknown as LanPage;
  }

  get head(): SnapshotHead {
    const { packets, buffers, ipBytes, wireBytes } = this.totals;
    const { packetsPerSecond, ipBytesPerSecond, wireBytesPerSecond } = this.totals;
    return snapshotHead({
      monitor: 'lan-stations',
      time: this.now,
      interfaces: this.interfaces,
      totals: {
        packets,
        buffers,
        ipBytes,
        wireBytes,
        packetsPerSecond: this.knowsRates ? packetsPerSecond : null,
        bytesPerSecond: this.knowsRates ? ipBytesPerSecond : null,
        wireBytesPerSecond: this.knowsRates ? wireBytesPerSecond : null,
      },
    });
  }

  /** Answers what the screen asks. */
  feed(screen: Screen): void {
    const { head } = this;
    const answer = (query: Query): Snapshot => ({ ...head, ...this.monitor.page(query) });
    screen.update?.(screen.queries().map(({ query }) => answer(query)));
  }
}

/** A registry of three makers, in the order of their names, and a file of ethers: what golden screens show. */
const MAKERS = [
  ['b8:27:eb', 'Raspberry Pi Foundation'],
  ['00:1b:21', 'Intel Corporate'],
  ['3c:28:6d', 'A Maker Whose Name Is Longer Than A Column, Ltd.'],
] as const;

function blocksOf(): AddressBlocks {
  const sorted = [...MAKERS].sort(([a], [b]) => (a < b ? -1 : 1));
  const names = MAKERS.map(([, name]) => name).sort();
  const edges = sorted.flatMap(([prefix, name]) => {
    const start = Number.parseInt(prefix.replaceAll(':', ''), 16) * 2 ** 12;
    return [
      [start, names.indexOf(name) + 1],
      [start + 2 ** 12, 0],
    ];
  });
  return {
    starts: Float64Array.from(edges, ([start]) => start),
    owners: Uint16Array.from(edges, ([, owner]) => owner),
  };
}

export const SOURCES: StationNameSources = {
  vendors: {
    blocks: blocksOf(),
    name: (mac) => MAKERS.find(([prefix]) => mac.startsWith(prefix))?.[1] ?? null,
    ownersMatching: (isMeant) => {
      const names = MAKERS.map(([, name]) => name as string).sort();
      return Uint16Array.from(names.flatMap((name, i) => (isMeant(name) ? [i + 1] : [])));
    },
  },
  ethers: {
    name: (mac) => (mac === '00:1b:21:00:00:05' ? 'printer' : null),
    macsMatching: (isMeant) => (isMeant('printer') ? ['00:1b:21:00:00:05'] : []),
  },
};

export const ROUTER = '00:1b:21:00:00:01';
export const PI = 'b8:27:eb:12:34:56';

function v4(from: string, source: string, to: string, destination: string, size: number): TestPacket {
  const packet = ipv4({ source, destination, protocol: IP_PROTOCOL.udp }, udp(1000, 2000, filler(size)));
  return { bytes: ethernet(ETHERTYPE.ipv4, packet, { source: from, destination: to }) };
}

function v6(from: string, source: string, to: string, destination: string, size: number): TestPacket {
  const packet = ipv6({ source, destination, nextHeader: IP_PROTOCOL.udp }, udp(1000, 2000, filler(size)));
  return { bytes: ethernet(ETHERTYPE.ipv6, packet, { source: from, destination: to }) };
}

/** A home with a router, machines of several makers, phones with made-up addresses, and the usual groups. */
export function homeNetwork(stage: LanStage): LanStage {
  const packets: TestPacket[] = [];
  for (let n = 0; n < 60; n++) {
    packets.push(v4(ROUTER, `203.0.113.${n}`, PI, '192.168.1.7', 1200));
    packets.push(v4(PI, '192.168.1.7', ROUTER, `203.0.113.${n}`, 20));
  }
  packets.push(v6(PI, '2001:db8:1:2:ba27:ebff:fe12:3456', ROUTER, '2001:db8:85a3:8d3:1319:8a2e:370:7348', 900));
  packets.push(v6(PI, 'fe80::ba27:ebff:fe12:3456', '33:33:00:00:00:fb', 'ff02::fb', 80));
  for (let n = 0; n < 14; n++) {
    const phone = `02:00:5e:10:00:${(16 + n).toString(16)}`;
    const source = `192.168.1.${100 + n}`;
    for (let k = 0; k <= n; k++) packets.push(v4(phone, source, ROUTER, '198.51.100.4', 100 * n));
    const request = arp({ senderMac: phone, senderIp: source, targetIp: '192.168.1.1' });
    packets.push({ bytes: pad(ethernet(ETHERTYPE.arp, request, { source: phone, destination: 'ff:ff:ff:ff:ff:ff' })) });
    packets.push(v4(phone, source, '01:00:5e:00:00:fb', '224.0.0.251', 70));
  }
  const printer = '00:1b:21:00:00:05';
  packets.push(v4(printer, '192.168.1.9', '01:00:5e:7f:ff:fa', '239.255.255.250', 300));
  packets.push(v4('3c:28:6d:aa:bb:cc', '192.168.1.44', printer, '192.168.1.9', 1000));
  packets.push(v6('3c:28:6d:aa:bb:cc', '2001:db8:1:2::44', printer, '2001:db8:1:2::9', 500));
  stage.pass(packets).closeWindow();
  return stage;
}
