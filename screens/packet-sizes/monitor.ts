/**
 * Engine side of the packet size monitor: counts every packet by its exact size, and makes brackets of the MTU of the
 * moment when it is asked. One interface, or the sum of all.
 */
import type { LinkView } from '../../src/engine/link-view.ts';
import type { Monitor, MonitorContext, Page, Query } from '../../src/engine/monitor.ts';
import { noSizeCounts, SIZES, type SizeCounts, SizeHistogram, type SizeKind } from '../../src/tables/size-histogram.ts';
import type { TrafficDirection } from '../../src/tables/traffic-classes.ts';
import {
  ASSUMED_MTU,
  BRACKETS,
  type PacketSizesExtra,
  type PacketSizesOptions,
  type PacketSizesRow,
  type SizeSummary,
} from './types.ts';

/** Counts of one direction by bracket, and the largest packet. */
interface Distribution {
  brackets: SizeCounts[];
  largest: number;
}

type Mtu = Pick<PacketSizesExtra, 'mtu' | 'mtuFrom'>;

export class PacketSizesMonitor implements Monitor<PacketSizesRow> {
  readonly name = 'packet-sizes';
  readonly usesConversations = false;
  readonly #sizes = new SizeHistogram();
  /** By interface name, as last seen: an interface that went keeps its brackets. */
  readonly #mtus = new Map<string, { mtu: number; isLoopback: boolean }>();
  #context: MonitorContext | null = null;
  #windowSeconds = 0;

  attach(context: MonitorContext): () => void {
    this.#context = context;
    const undo = [
      context.bus.on('batch', (batch) => this.#sizes.add(batch)),
      context.bus.on('window', ({ interval }) => {
        this.#sizes.closeWindow();
        this.#windowSeconds = interval;
      }),
      context.bus.on('reset', () => this.#sizes.reset()),
    ];
    return () => {
      for (const each of undo) each();
    };
  }

  page(query: Query): Page<PacketSizesRow> {
    const { rows, extra } = this.#survey(readOptions(query));
    const limit = query.limit === 0 ? rows.length : query.limit;
    const offset = Math.max(0, Math.min(query.offset, rows.length - limit));
    return { rows: rows.slice(offset, offset + limit), offset, rowsTotal: rows.length, hidden: 0, extra: { ...extra } };
  }

  slices(query: Query): Iterable<PacketSizesRow[]> {
    return [this.page(query).rows];
  }

  #attached(): MonitorContext {
    if (this.#context === null) throw new Error(`monitor ${this.name} is not attached`);
    return this.#context;
  }

  #survey({ byteKind, interface: wanted }: PacketSizesOptions): { rows: PacketSizesRow[]; extra: PacketSizesExtra } {
    const seen = this.#attached()
      .interfaces()
      .filter(({ slot }) => slot >= 0);
    const interfaces = [...new Set(seen.map(({ name }) => name))];
    const shown = wanted === null ? seen : seen.filter(({ name }) => name === wanted);
    const slots = shown.map(({ slot }) => slot);
    const mtu = this.#mtuOf(wanted === null ? this.#watched(interfaces) : [wanted]);
    const linkHeader = Math.max(0, ...slots.map((slot) => this.#sizes.linkHeader(slot)));
    const limits = bracketLimits(byteKind === 'wire' ? mtu.mtu + linkHeader : mtu.mtu);
    const kind = byteKind === 'wire' ? 'frame' : 'network';
    const incoming = this.#distribution(slots, 'in', kind, limits);
    const outgoing = this.#distribution(slots, 'out', kind, limits);
    const unknown = this.#distribution(slots, 'unknown', kind, limits);
    // Where no packet says which way it went, in and out are not 0 but unknown.
    const knowsDirections = !(isEmpty(incoming) && isEmpty(outgoing)) || isEmpty(unknown);
    const total = {
      brackets: incoming.brackets.map((counts, k) => sum(counts, outgoing.brackets[k], unknown.brackets[k])),
      largest: Math.max(incoming.largest, outgoing.largest, unknown.largest),
    };
    return {
      rows: this.#rows(limits, knowsDirections ? incoming : null, knowsDirections ? outgoing : null, total),
      extra: {
        byteKind,
        interface: wanted,
        interfaces,
        ...mtu,
        linkHeader,
        in: summary(knowsDirections ? incoming : null),
        out: summary(knowsDirections ? outgoing : null),
        total: summary(total),
      },
    };
  }

  #distribution(slots: readonly number[], direction: TrafficDirection, kind: SizeKind, limits: number[]): Distribution {
    const brackets = Array.from({ length: limits.length + 1 }, noSizeCounts);
    let largest = 0;
    for (const slot of slots) {
      this.#sizes.addTo(brackets, limits, slot, direction, kind);
      largest = Math.max(largest, this.#sizes.largest(slot, direction, kind));
    }
    return { brackets, largest };
  }

  #rows(
    limits: readonly number[],
    incoming: Distribution | null,
    outgoing: Distribution | null,
    total: Distribution,
  ): PacketSizesRow[] {
    const seconds = this.#attached().knowsRates() ? this.#windowSeconds : 0;
    const all = sum(...total.brackets);
    const rate = (count: number | undefined): number | null =>
      seconds > 0 && count !== undefined ? count / seconds : null;
    return total.brackets.map((counts, k): PacketSizesRow => {
      const received = incoming?.brackets[k];
      const sent = outgoing?.brackets[k];
      return {
        id: k,
        from: k === 0 ? 1 : limits[k - 1] + 1,
        to: limits[k] ?? null,
        in: received?.packets ?? null,
        out: sent?.packets ?? null,
        packets: counts.packets,
        inBytes: received?.bytes ?? null,
        outBytes: sent?.bytes ?? null,
        bytes: counts.bytes,
        share: all.packets === 0 ? null : counts.packets / all.packets,
        byteShare: all.bytes === 0 ? null : counts.bytes / all.bytes,
        inPacketsPerSecond: rate(received?.windowPackets),
        outPacketsPerSecond: rate(sent?.windowPackets),
        packetsPerSecond: rate(counts.windowPackets),
        inBytesPerSecond: rate(received?.windowBytes),
        outBytesPerSecond: rate(sent?.windowBytes),
        bytesPerSecond: rate(counts.windowBytes),
      };
    });
  }

  /** The interfaces that were asked for; with `all` those that carried packets. */
  #watched(seen: readonly string[]): readonly string[] {
    const { source } = this.#attached().options;
    return source.kind === 'live' && source.interfaces !== 'all' ? source.interfaces : seen;
  }

  /**
   * The MTU of these interfaces: the largest, that of the loopback only where there is no other (its 65,536 would put
   * everything else into one bracket).
   */
  #mtuOf(names: readonly string[]): Mtu {
    const links = this.#attached().links();
    for (const link of links ?? []) this.#remember(link);
    const known = names.flatMap((name) => this.#mtus.get(name) ?? []);
    const candidates = known.length > 0 || links === null ? known : [...this.#mtus.values()];
    const real = candidates.filter(({ isLoopback }) => !isLoopback);
    const chosen = real.length > 0 ? real : known;
    if (chosen.length === 0) return { mtu: ASSUMED_MTU, mtuFrom: 'assumed' };
    const isOne = names.length === 1 && known.length === 1;
    return { mtu: Math.max(...chosen.map(({ mtu }) => mtu)), mtuFrom: isOne ? 'link' : 'largest-link' };
  }

  #remember({ name, mtu, kind }: LinkView): void {
    if (mtu > 0) this.#mtus.set(name, { mtu, isLoopback: kind === 'loopback' });
  }
}

function readOptions({ options }: Query): PacketSizesOptions {
  return {
    byteKind: options.byteKind === 'wire' ? 'wire' : 'ip',
    interface: typeof options.interface === 'string' ? options.interface : null,
  };
}

/**
 * Upper ends of the brackets, the last of them `most`: equal ones of a twentieth, rounded down, what remains in the last
 * one. At least a byte each (the MTU of a CAN bus is 16), and not beyond what is counted one by one.
 */
function bracketLimits(most: number): number[] {
  const last = Math.min(SIZES - 1, Math.max(most, BRACKETS));
  const width = Math.floor(last / BRACKETS);
  return Array.from({ length: BRACKETS }, (_, k) => (k === BRACKETS - 1 ? last : width * (k + 1)));
}

function sum(...counts: readonly SizeCounts[]): SizeCounts {
  const total = noSizeCounts();
  for (const each of counts) {
    total.packets += each.packets;
    total.bytes += each.bytes;
    total.windowPackets += each.windowPackets;
    total.windowBytes += each.windowBytes;
  }
  return total;
}

function isEmpty({ brackets }: Distribution): boolean {
  return brackets.every(({ packets }) => packets === 0);
}

function summary(distribution: Distribution | null): SizeSummary {
  if (distribution === null) return { packets: null, bytes: null, average: null, largest: null };
  const { packets, bytes } = sum(...distribution.brackets);
  return {
    packets,
    bytes,
    average: packets === 0 ? null : bytes / packets,
    largest: packets === 0 ? null : distribution.largest,
  };
}
