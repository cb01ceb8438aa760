/** The general interface statistics on a bus, with a kernel of its own, and the host of golden screens. */
import { GeneralMonitor } from '../../screens/general/monitor.ts';
import type { GeneralExtra, GeneralOptions, GeneralRow } from '../../screens/general/types.ts';
import type { Screen } from '../../screens/kit/screen.ts';
import type { KernelCounters } from '../../src/capture/kernel-counters.ts';
import { Bus } from '../../src/engine/bus.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { EngineOptions, Snapshot, SnapshotHead } from '../../src/engine/messages.ts';
import type { MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { Totals } from '../../src/tables/totals.ts';
import type { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { BATCH_CAPACITY, PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { decodedBatch } from './decoded.ts';
import { linkView } from './links.ts';
import { snapshotHead } from './screens.ts';

export interface Traffic {
  /** Interface name; its slot is made when it is new. */
  on: string;
  packets: number;
  packetType?: number;
  ipBytes?: number;
  /** Segments of each buffer. */
  segments?: number;
  protocol?: number;
}

export const QUERY: Query = { sort: 'interface', descending: false, offset: 0, limit: 0, follow: null, options: {} };

/** Time begins at 1000. */
export class GeneralStage {
  readonly bus = new Bus();
  readonly monitor = new GeneralMonitor();
  readonly totals = new Totals();
  readonly #slots: string[] = [];
  readonly #options: EngineOptions;
  #links: LinkView[] | null;
  #isNew = true;
  time = 1000;
  elapsed = 0;

  constructor(links: LinkView[] | null, options: Partial<EngineOptions> = {}) {
    this.#links = links;
    const source: EngineOptions['source'] =
      links === null
        ? { kind: 'file', path: 'x.pcap' }
        : { kind: 'live', interfaces: 'all', capture: 'auto', promiscuous: false };
    const rateWindow = links === null ? Number.POSITIVE_INFINITY : 1;
    this.#options = { source, rateWindow, expression: null, filter: null, ...options } as EngineOptions;
    const shared = new Map<unknown, unknown>();
    this.monitor.attach({
      bus: this.bus,
      links: () => this.#readLinks(),
      shared: (Table: new (bus: Bus) => unknown) => {
        if (!shared.has(Table)) shared.set(Table, new Table(this.bus));
        return shared.get(Table);
      },
      interfaces: () => this.interfaces,
      now: () => this.time,
      options: this.#options,
    } as unknown as MonitorContext);
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

  /** Adds to counters of one interface. */
  count(name: string, more: Partial<KernelCounters>): this {
    return this.kernel(
      (this.#links ?? []).map((link) => {
        if (link.name !== name || link.kernel === null) return link;
        const kernel = { ...link.kernel };
        for (const [counter, value] of Object.entries(more)) kernel[counter as keyof KernelCounters] += value;
        return { ...link, kernel };
      }),
    );
  }

  pass(...traffic: readonly Traffic[]): this {
    for (const each of traffic) {
      for (let left = each.packets; left > 0; left -= BATCH_CAPACITY) {
        this.emit(this.batch(each, Math.min(left, BATCH_CAPACITY)));
      }
    }
    return this;
  }

  batch(
    { on, packetType = PACKET_TYPE.host, ipBytes = 100, segments = 1, protocol }: Traffic,
    count: number,
  ): DecodedBatch {
    if (!this.#slots.includes(on)) this.#slots.push(on);
    const slot = this.#slots.indexOf(on);
    const one = { source: 1, destination: 2, slot, ipBytes, wireBytes: ipBytes + 14 * segments, segments, protocol };
    const batch = decodedBatch(
      Array.from({ length: count }, () => ({ ...one, protocol: protocol ?? IP_PROTOCOL.tcp })),
    );
    batch.packets.packetType.fill(packetType);
    batch.packets.seconds.fill(Math.floor(this.time));
    batch.packets.nanoseconds.fill(Math.round((this.time % 1) * 1e9));
    return batch;
  }

  emit(batch: DecodedBatch): void {
    this.totals.add(batch);
    this.bus.emit('batch', batch);
  }

  /** Ticks four times a second; windows close where they are due. */
  wait(seconds: number): this {
    for (let tick = 0; tick < seconds * 4; tick++) {
      this.time += 0.25;
      this.elapsed += 0.25;
      this.bus.emit('tick', { time: this.time, elapsed: this.elapsed, interval: 0.25 });
      if (this.elapsed % 1 === 0) this.close(1);
    }
    return this;
  }

  close(seconds: number): this {
    this.totals.closeWindow(seconds);
    this.bus.emit('window', { time: this.time, elapsed: this.elapsed, interval: seconds });
    return this;
  }

  page(query: Partial<Query> = {}): Page<GeneralRow> & { extra: GeneralExtra } {
    return this.monitor.page({ ...QUERY, ...query }) as Page<GeneralRow> & { extra: GeneralExtra };
  }

  row(name: string, options: Partial<GeneralOptions> = {}): GeneralRow {
    const found = this.page({ options: { ...options } }).rows.find((row) => row.interface === name);
    if (found === undefined) throw new Error(`no row for ${name}`);
    return found;
  }

  /** What the engine would answer. */
  snapshot(query: Query): Snapshot<GeneralRow> {
    const { packets, buffers, ipBytes, wireBytes } = this.totals;
    const totals = {
      packets,
      buffers,
      ipBytes,
      wireBytes,
      packetsPerSecond: this.totals.packetsPerSecond,
      bytesPerSecond: this.totals.ipBytesPerSecond,
      wireBytesPerSecond: this.totals.wireBytesPerSecond,
    };
    const { capture } = snapshotHead();
    const head = snapshotHead({
      capture: { ...capture, source: this.#links === null ? 'savefile' : 'ring' },
      monitor: 'general',
      interface: 'all',
      interfaces: this.interfaces,
      totals,
    });
    return { ...head, elapsedSeconds: this.elapsed, ...this.page(query) };
  }

  /** Asks what the screen wants to know and hands it over, as the loop does. */
  feed(screen: Screen): Snapshot {
    const snapshots = screen.queries().map(({ query }) => this.snapshot(query));
    screen.update?.(snapshots);
    return snapshots[0];
  }
}

/** A host with a bond in a bridge, a VLAN, containers, a card without a cable, one that drops, one that went. */
export function busyHost(): GeneralStage {
  const card = { kind: 'ixgbe', speed: 10_000, virtual: false };
  const links = [
    linkView('lo', { index: 1, kind: 'loopback' }),
    linkView('eth0', { index: 2, ...card, master: 'bond0' }),
    linkView('eth1', { index: 3, ...card, master: 'bond0' }),
    linkView('eth2', { index: 4, kind: 'e1000e', virtual: false, running: false }),
    linkView('bond0', {
      index: 5,
      kind: 'bond',
      speed: 20_000,
      lower: ['eth0', 'eth1'],
      master: 'br0',
      virtual: false,
    }),
    linkView('br0', { index: 6, kind: 'bridge', lower: ['bond0', 'veth9c1f2a7'] }),
    linkView('br0.4094', { index: 7, kind: 'vlan', lower: ['br0'] }),
    linkView('veth9c1f2a7', { index: 8, master: 'br0', speed: 10_000 }),
    linkView('wg0', { index: 9, kind: 'wireguard', up: false, running: false }),
    linkView('veth10', { index: 10 }),
  ];
  const stage = new GeneralStage(links);
  stage.wait(1);
  for (let second = 0; second < 65; second++) busySecond(stage, second);
  return stage
    .kernel(links.filter(({ name }) => name !== 'veth10').map((link) => withCounters(link, stage)))
    .wait(0.75);
}

const OUT = PACKET_TYPE.outgoing;

function busySecond(stage: GeneralStage, second: number): void {
  const wave = 20 + Math.round(18 * Math.sin(second / 5));
  stage.pass(
    { on: 'eth0', packets: 3 * wave, ipBytes: 45 * 1448, segments: 45 },
    { on: 'eth1', packets: wave, ipBytes: 45 * 1448, segments: 45 },
    { on: 'eth0', packets: 900, packetType: OUT, ipBytes: 52 },
    { on: 'bond0', packets: 4 * wave, ipBytes: 45 * 1448, segments: 45 },
    { on: 'bond0', packets: 900, packetType: OUT, ipBytes: 52 },
    { on: 'br0', packets: 40, ipBytes: 1500 },
    { on: 'br0.4094', packets: 12, ipBytes: 900, protocol: IP_PROTOCOL.udp },
    { on: 'veth9c1f2a7', packets: second < 40 ? 0 : 25, packetType: OUT, ipBytes: 1200 },
    { on: 'lo', packets: 8, ipBytes: 300 },
  );
  if (second < 5) stage.pass({ on: 'veth10', packets: 30 });
  stage.wait(1);
}

/** Counters that fit what was captured, but for a gap on eth1, errors and drops. */
function withCounters(link: LinkView, stage: GeneralStage): LinkView {
  if (link.kernel === null) return link;
  const row = stage.page().rows.find((each) => each.interface === link.name);
  const slot = stage.interfaces.find(({ name }) => name === link.name)?.slot ?? 999;
  const received = stage.totals.countsOf(slot, PACKET_TYPE.host);
  const sent = stage.totals.countsOf(slot, OUT);
  const unit = link.virtual ? 'buffers' : 'packets';
  const kernel: KernelCounters = {
    ...link.kernel,
    rxPackets: received[unit] + (link.name === 'eth1' ? 12_345 : 0),
    rxBytes: row?.total?.wireBytes ?? 0,
    rxErrors: link.name === 'eth1' ? 17 : 0,
    rxDropped: link.name === 'eth1' ? 1204 : 0,
    txPackets: sent[unit],
    txDropped: link.name === 'br0' ? 2 : 0,
  };
  return { ...link, kernel };
}
