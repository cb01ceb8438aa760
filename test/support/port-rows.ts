/** Rows of the port monitor as literals, and a monitor of a few lines that answers queries from them. */
import {
  PORT_SEARCH_FIELDS,
  type PortCounts,
  type PortExtra,
  type PortOptions,
  type PortRates,
  type PortRow,
} from '../../screens/ports/types.ts';
import type { Snapshot, SnapshotHead } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import { parseSearch } from '../../src/search/query.ts';
import { rowMatcher } from '../../src/search/rows.ts';
import { PORT_PROTOCOLS } from '../../src/tables/port-table.ts';
import { ipProtocolName } from '../../src/wire/numbers.ts';
import { snapshotHead } from './screens.ts';

type Part = PortCounts & PortRates;

function part(packets: number, ipBytes: number, bytesPerSecond: number | null): Part {
  return {
    packets,
    ipBytes,
    wireBytes: ipBytes + packets * 14,
    packetsPerSecond: bytesPerSecond === null ? null : bytesPerSecond / 700,
    bytesPerSecond,
    wireBytesPerSecond: bytesPerSecond === null ? null : bytesPerSecond * 1.02,
  };
}

function sum(a: Part, b: Part): Part {
  const rate = (field: keyof PortRates): number | null => {
    const [x, y] = [a[field], b[field]];
    return x === null || y === null ? null : x + y;
  };
  return {
    packets: a.packets + b.packets,
    ipBytes: a.ipBytes + b.ipBytes,
    wireBytes: a.wireBytes + b.wireBytes,
    packetsPerSecond: rate('packetsPerSecond'),
    bytesPerSecond: rate('bytesPerSecond'),
    wireBytesPerSecond: rate('wireBytesPerSecond'),
  };
}

/** A port with what went to it and came from it: packets, IP bytes, bytes per second. */
function row(
  ipProtocol: number,
  port: number,
  to: [number, number, number | null],
  from: [number, number, number | null],
  conversations: number,
): PortRow {
  const [partTo, partFrom] = [part(...to), part(...from)];
  return {
    id: PORT_PROTOCOLS.indexOf(ipProtocol) * 65_536 + port,
    protocol: ipProtocolName(ipProtocol),
    ipProtocol,
    port,
    total: sum(partTo, partFrom),
    to: partTo,
    from: partFrom,
    conversations,
  };
}

/** One for each thing that a cell may have to say. */
export function portRows(): PortRow[] {
  return [
    row(6, 443, [48_211, 2_604_401, 24_120], [94_120, 134_201_557, 1_204_332], 412),
    row(17, 443, [2_000_118, 180_200_330, 10_220], [3_155_901, 4_201_557_000, 804_332], 28),
    row(17, 51_820, [88_120, 101_204_120, 812_000], [91_002, 99_120_200, 790_000], 1),
    row(6, 22, [1812, 130_441, 180], [1480, 402_118, 960], 3),
    row(17, 53, [911, 62_118, 420], [902, 148_900, 1008], 866),
    row(6, 8080, [74, 9120, 0], [60, 44_120, 0], 9),
    row(17, 137, [40, 3120, 0], [0, 0, 0], 4),
    row(17, 123, [12, 912, 0], [12, 912, 0], 4),
    row(132, 3868, [1, 36, 0], [0, 0, 0], 1),
    row(136, 65_535, [3, 84, 0], [2, 56, 0], 1),
    row(33, 5001, [2, 80, 0], [0, 0, 0], 1),
    row(17, 0, [3, 252, 0], [0, 0, 0], 1),
    row(6, 50_412, [99_999_999, 5_999_999_940, 0], [123_456_789, 18_518_518_350_000, 0], 12_345_678),
  ];
}

/** The same before the first window has closed. */
export function withoutRates(rows: readonly PortRow[]): PortRow[] {
  const unknown = { packetsPerSecond: null, bytesPerSecond: null, wireBytesPerSecond: null };
  return rows.map((each) => ({
    ...each,
    total: { ...each.total, ...unknown },
    to: { ...each.to, ...unknown },
    from: { ...each.from, ...unknown },
  }));
}

/** Answers from literal rows, in their order; the strict view has those below 1024. */
export class LiteralPorts {
  rows: PortRow[] = portRows();
  readonly asked: Query[] = [];
  readonly head: SnapshotHead;

  constructor(head: Partial<SnapshotHead> = {}) {
    this.head = snapshotHead({ monitor: 'ports', time: 1_795_229_100, ...head });
  }

  answer(query: Query): Snapshot<PortRow> {
    this.asked.push(query);
    const { view, search, searchNames } = query.options as unknown as PortOptions;
    const seen = view === 'strict' ? this.rows.filter(({ port }) => port < 1024) : this.rows;
    const isFound = rowMatcher(parseSearch(search ?? '', PORT_SEARCH_FIELDS), searchNames);
    const shown = seen.filter(({ protocol, port }) =>
      isFound({ port: [port], proto: [protocol], other: [`${protocol}/${port}`] }),
    );
    const limit = query.limit === 0 ? shown.length : query.limit;
    const offset = Math.max(0, Math.min(query.offset, shown.length - limit));
    const rows = shown.slice(offset, offset + limit);
    const hidden = seen.length - shown.length;
    return { ...this.head, rows, offset, rowsTotal: shown.length, hidden, extra: { ...this.#extra() } };
  }

  #extra(): PortExtra {
    const total = this.rows.reduce((all, each) => sum(all, each.total), part(0, 0, 0));
    return { ...total, conversations: this.rows.reduce((all, each) => all + each.conversations, 0) };
  }
}
