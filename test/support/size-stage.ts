/** The packet size monitor on a bus, with interfaces of its own, and the traffic of golden screens. */
import { PacketSizesMonitor } from '../../screens/packet-sizes/monitor.ts';
import type { PacketSizesExtra, PacketSizesRow } from '../../screens/packet-sizes/types.ts';
import { Bus } from '../../src/engine/bus.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { EngineOptions, SnapshotHead } from '../../src/engine/messages.ts';
import type { MonitorContext, Page } from '../../src/engine/monitor.ts';
import { ConversationTable } from '../../src/tables/conversation-table.ts';
import { TcpTracker } from '../../src/tables/tcp-tracker.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { BATCH_CAPACITY, PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { decodedBatch } from './decoded.ts';
import { snapshotHead } from './screens.ts';

/** Ethernet frames of IP packets: the frame is 14 bytes longer. */
export interface SizedPackets {
  size: number;
  count?: number;
  slot?: number;
  packetType?: number;
}

export function link(name: string, mtu: number, kind = 'veth'): LinkView {
  const rest = { index: 1, up: true, running: true, addresses: [], mac: null, speed: null, master: null, lower: [] };
  return { name, mtu, kind, kernel: null, readAt: 100, virtual: true, ...rest };
}

export class SizeStage {
  readonly bus = new Bus();
  readonly monitor = new PacketSizesMonitor();
  links: LinkView[] | null;
  knowsRates = false;
  readonly #names: readonly string[];

  constructor(names: readonly string[], links: LinkView[] | null, watched: string[] | 'all' = 'all') {
    this.#names = names;
    this.links = links;
    const conversations = new ConversationTable({ maximumRows: 16 });
    const source: EngineOptions['source'] =
      links === null
        ? { kind: 'file', path: 'x.pcap' }
        : { kind: 'live', interfaces: watched, capture: 'auto', promiscuous: false };
    this.monitor.attach({
      bus: this.bus,
      conversations,
      tcp: new TcpTracker(conversations, { maximumRows: 16 }),
      links: () => this.links,
      shared: (Table) => new Table(this.bus),
      interfaces: () => this.interfaces,
      now: () => 100,
      knowsRates: () => this.knowsRates,
      options: { source } as EngineOptions,
    } as MonitorContext);
  }

  get interfaces(): SnapshotHead['interfaces'] {
    return this.#names.map((name, slot) => ({ slot, name, up: true }));
  }

  pass(...packets: readonly SizedPackets[]): this {
    for (const { size, count = 1, slot = 0, packetType = PACKET_TYPE.host } of packets) {
      for (let left = count; left > 0; left -= BATCH_CAPACITY) {
        const one = { source: 1, destination: 2, slot, ipBytes: size, wireBytes: size + 14 };
        const batch = decodedBatch(Array.from({ length: Math.min(left, BATCH_CAPACITY) }, () => one));
        batch.packets.packetType.fill(packetType);
        batch.packets.linkType.fill(LINKTYPE.ethernet);
        this.bus.emit('batch', batch);
      }
    }
    return this;
  }

  closeWindow(seconds: number): this {
    this.bus.emit('window', { time: 100, elapsed: 10, interval: seconds });
    this.knowsRates = seconds > 0;
    return this;
  }

  page(options: Record<string, unknown> = {}, limit = 0): Page<PacketSizesRow> & { extra: PacketSizesExtra } {
    const query = { sort: null, descending: false, offset: 0, limit, follow: null, options };
    const page = this.monitor.page(query);
    return { ...page, extra: page.extra as unknown as PacketSizesExtra & Record<string, unknown> };
  }

  get head(): SnapshotHead {
    return snapshotHead({ monitor: 'packet-sizes', interface: 'all', interfaces: this.interfaces });
  }
}

/** Traffic as a server has it: requests and answers, acknowledgements, full packets, a few jumbo frames. */
export function everydayTraffic(stage: SizeStage, slot = 0): SizeStage {
  const incoming = { slot, packetType: PACKET_TYPE.host };
  const outgoing = { slot, packetType: PACKET_TYPE.outgoing };
  return stage
    .pass({ size: 40, count: 5200, ...incoming }, { size: 52, count: 8123, ...incoming })
    .closeWindow(2)
    .pass(
      { size: 52, count: 1210, ...outgoing },
      { size: 84, count: 60, ...incoming },
      { size: 130, count: 312, ...outgoing },
      { size: 290, count: 16, ...incoming },
      { size: 411, count: 10, ...outgoing },
      { size: 588, count: 6, ...incoming },
      { size: 900, count: 113, ...outgoing },
      { size: 1105, count: 558, ...outgoing },
      { size: 1420, count: 2, ...incoming },
      { size: 1500, count: 734, ...incoming },
      { size: 1500, count: 16_012, ...outgoing },
      { size: 3072, count: 225, ...outgoing },
      { size: 65_212, count: 3, ...incoming },
    )
    .closeWindow(2);
}
