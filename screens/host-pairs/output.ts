/**
 * The host pair monitor in machine output (CONTRACT section 4). Direction pairs are [sent, received], as endpoint 0 is
 * ours. Averages, window counts and peaks are of what is counted (IP bytes, wire bytes or packets); the others are null.
 */

import { sanitizeText } from '../../src/names/sanitize.ts';
import { rounded } from '../../src/output/json.ts';
import type { ByteKind, Cell, MonitorOutput, TextColumn } from '../../src/output/monitor-output.ts';
import { nameEndpoints } from '../../src/output/named-endpoints.ts';
import { isoTime } from '../../src/output/time.ts';
import { type HostsView, hostText } from './hosts.ts';
import {
  type HostPairExtra,
  type HostPairRow,
  PAIR_WINDOWS,
  type PairCounts,
  type PairEndpoint,
  type PairFigures,
  type PairQuantity,
} from './types.ts';

const NO_NAMES: HostsView['names'] = { lookup: () => null, addressesMatching: () => [] };
const AS_GIVEN: HostsView = { names: NO_NAMES, showNames: false, showServices: false };

/** Fields of each quantity: averages, what the windows carried, peaks. */
const RATE_FIELDS: Record<PairQuantity, string> = {
  ipBytes: 'bytesPerSecond',
  wireBytes: 'wireBytesPerSecond',
  packets: 'packetsPerSecond',
};
const COUNT_FIELDS: Record<PairQuantity, string> = {
  ipBytes: 'windowIpBytes',
  wireBytes: 'windowWireBytes',
  packets: 'windowPackets',
};
const PEAK_FIELDS: Record<PairQuantity, string> = {
  ipBytes: 'peakBytesPerSecond',
  wireBytes: 'peakWireBytesPerSecond',
  packets: 'peakPacketsPerSecond',
};
const QUANTITIES = Object.keys(RATE_FIELDS) as PairQuantity[];

/** {"2s": …, "10s": …, "40s": …} */
function byWindow<T>(values: readonly T[]): Record<string, T> {
  return Object.fromEntries(PAIR_WINDOWS.map((seconds, k) => [`${seconds}s`, values[k]]));
}

/** Averages, counts and peaks under the names of what they count. */
function figuresJson({ rates, counts, peak }: PairFigures, quantity: PairQuantity): object {
  const shown: Record<string, unknown> = {};
  const put = (fields: Record<PairQuantity, string>, value: unknown): void => {
    for (const each of QUANTITIES) shown[fields[each]] = each === quantity ? value : null;
  };
  put(RATE_FIELDS, byWindow(rates.map((both) => both.map(rounded))));
  put(COUNT_FIELDS, byWindow(counts));
  put(PEAK_FIELDS, peak.map(rounded));
  return shown;
}

function endpointJson({ address, prefix, port, name, nameSource = null }: PairEndpoint): object {
  return { address, prefix, port, name, nameSource };
}

function rowJson(row: HostPairRow): object {
  return {
    id: row.id,
    interface: sanitizeText(row.interface),
    endpoints: row.endpoints.map(endpointJson),
    protocol: row.protocol,
    ipProtocol: row.ipProtocol,
    side: row.side,
    packets: row.packets,
    ipBytes: row.ipBytes,
    wireBytes: row.wireBytes,
    ...figuresJson(row, row.quantity),
    conversations: row.conversations,
    firstSeen: isoTime(row.firstSeen),
    lastSeen: isoTime(row.lastSeen),
  };
}

function totalsJson(extra: Record<string, unknown>): object {
  const { quantity, totals, gone, more, nonIp, leftOut } = extra as unknown as HostPairExtra;
  const { packets, ipBytes, wireBytes } = totals;
  return { pairs: { packets, ipBytes, wireBytes, ...figuresJson(totals, quantity) }, gone, more, nonIp, leftOut };
}

const CSV_WINDOWS = PAIR_WINDOWS.flatMap((seconds) => [`sent_${seconds}s`, `received_${seconds}s`]);
const CSV_RATES = PAIR_WINDOWS.flatMap((seconds) => [`sent_per_second_${seconds}s`, `received_per_second_${seconds}s`]);
const CSV_QUANTITIES: Record<PairQuantity, string> = { ipBytes: 'bytes', wireBytes: 'wire_bytes', packets: 'packets' };

const CSV_HEADER: readonly string[] = [
  ...['timestamp', 'interface', 'source', 'source_prefix', 'source_port'],
  ...['destination', 'destination_prefix', 'destination_port', 'protocol', 'side'],
  ...['sent_packets', 'received_packets', 'sent_bytes', 'received_bytes', 'sent_wire_bytes', 'received_wire_bytes'],
  'quantity',
  ...CSV_RATES,
  ...CSV_WINDOWS,
  ...['peak_sent_per_second', 'peak_received_per_second', 'peak_per_second', 'conversations'],
  ...['source_name', 'destination_name', 'first_seen', 'last_seen', 'id'],
];

function csvRecord(row: HostPairRow, timestamp: string | null): Cell[] {
  const [source, destination] = row.endpoints;
  return [
    ...[timestamp, sanitizeText(row.interface), source.address, source.prefix, source.port],
    ...[destination.address, destination.prefix, destination.port, row.protocol, row.side],
    ...[...row.packets, ...row.ipBytes, ...row.wireBytes],
    CSV_QUANTITIES[row.quantity],
    ...row.rates.flat().map(rounded),
    ...row.counts.flat(),
    ...[...row.peak.map(rounded), row.conversations],
    ...[source.name, destination.name, isoTime(row.firstSeen), isoTime(row.lastSeen), row.id],
  ];
}

function number(
  title: string,
  width: number,
  read: (row: HostPairRow, bytes: ByteKind) => number | null,
): TextColumn<HostPairRow> {
  return { title, width, align: 'right', read: (row, bytes) => String(read(row, bytes) ?? '-') };
}

/** Bits a second, or packets where those are counted. */
function shownRate({ rates, quantity }: HostPairRow, window: number, side: 0 | 1): number | null {
  const rate = rates[window][side];
  return rate === null ? null : Math.round(quantity === 'packets' ? rate : rate * 8);
}

function shownBytes({ ipBytes, wireBytes }: HostPairRow, bytes: ByteKind): PairCounts {
  return bytes === 'wire' ? wireBytes : ipBytes;
}

const TEXT_COLUMNS: readonly TextColumn<HostPairRow>[] = [
  { title: 'IFACE', width: 5, align: 'left', read: (row) => row.interface },
  { title: 'PROTO', width: 5, align: 'left', read: (row) => row.protocol ?? '' },
  { title: 'SOURCE', width: 15, align: 'left', read: (row) => hostText(row, 0, AS_GIVEN) },
  { title: 'DESTINATION', width: 15, align: 'left', read: (row) => hostText(row, 1, AS_GIVEN) },
  ...PAIR_WINDOWS.flatMap((seconds, window) => [
    number(`SENT/S_${seconds}S`, 9, (row) => shownRate(row, window, 0)),
    number(`RECV/S_${seconds}S`, 9, (row) => shownRate(row, window, 1)),
  ]),
  number('PKTS_SENT', 9, (row) => row.packets[0]),
  number('PKTS_RECV', 9, (row) => row.packets[1]),
  number('BYTES_SENT', 10, (row, bytes) => shownBytes(row, bytes)[0]),
  number('BYTES_RECV', 10, (row, bytes) => shownBytes(row, bytes)[1]),
];

/** What the columns cannot say: the unit of averages, and traffic that is in no row. */
function facts(extra: Record<string, unknown>): string[] {
  const { quantity, gone, more, leftOut } = extra as unknown as HostPairExtra;
  const words = [`averages in ${quantity === 'packets' ? 'packets' : 'bit'}/s`];
  if (gone.pairs > 0) words.push(`pairs gone ${gone.pairs}`);
  if (more.packets > 0) words.push(`packets without room ${more.packets}`);
  if (leftOut.packets > 0) words.push(`packets left out ${leftOut.packets}`);
  return words;
}

/** How rows of the host pair monitor leave the program. */
export const hostPairsOutput: MonitorOutput<HostPairRow> = {
  json: rowJson,
  csvHeader: CSV_HEADER,
  csvRecords: (row, head) => [csvRecord(row, isoTime(head.time))],
  textColumns: TEXT_COLUMNS,
  totals: totalsJson,
  facts,
  nameRows: nameEndpoints,
};
