/**
 * The LAN station monitor in machine output (CONTRACT section 4): a row for each station and interface, then one for
 * each group. "in" are frames addressed to the station, "out" those that it sent. Exact numbers, both kinds of bytes.
 */
import { sanitizeText } from '../../src/names/sanitize.ts';
import { rounded } from '../../src/output/json.ts';
import type { ByteKind, Cell, MonitorOutput, TextColumn } from '../../src/output/monitor-output.ts';
import { isoTime } from '../../src/output/time.ts';
import { StationNames } from './names.ts';
import type { LanStationRow, LanStationsExtra, StationCounts } from './types.ts';

const names = new StationNames();

function description(row: LanStationRow): string | null {
  return row.description === null ? names.description(row.mac) : sanitizeText(row.description);
}

function counts({ packets, ipPackets, ipBytes, wireBytes }: StationCounts): object {
  return { packets, ipPackets, ipBytes, wireBytes };
}

function rowJson(row: LanStationRow): object {
  return {
    id: row.id,
    kind: row.kind,
    interface: sanitizeText(row.interface),
    mac: row.mac,
    vendor: names.vendor(row.mac),
    description: description(row),
    addresses: row.addresses,
    addressesTotal: row.addressesTotal,
    addressesExact: row.addressesExact,
    in: counts(row.in),
    out: counts(row.out),
    bytesPerSecond: row.bytesPerSecond.map(rounded),
    wireBytesPerSecond: row.wireBytesPerSecond.map(rounded),
    firstSeen: isoTime(row.firstSeen),
    lastSeen: isoTime(row.lastSeen),
  };
}

const CSV_HEADER = [
  'timestamp',
  'interface',
  'mac',
  'kind',
  'vendor',
  'description',
  'addresses',
  'addresses_total',
  'in_packets',
  'in_ip_packets',
  'in_bytes',
  'in_wire_bytes',
  'out_packets',
  'out_ip_packets',
  'out_bytes',
  'out_wire_bytes',
  'in_bytes_per_second',
  'out_bytes_per_second',
  'in_wire_bytes_per_second',
  'out_wire_bytes_per_second',
  'first_seen',
  'last_seen',
  'id',
] as const;

function csvRecord(row: LanStationRow, timestamp: string | null): Cell[] {
  const cells = ({ packets, ipPackets, ipBytes, wireBytes }: StationCounts): Cell[] => {
    return [packets, ipPackets, ipBytes, wireBytes];
  };
  return [
    timestamp,
    sanitizeText(row.interface),
    row.mac,
    row.kind,
    names.vendor(row.mac),
    description(row),
    row.addresses.join(' '),
    row.addressesTotal,
    ...cells(row.in),
    ...cells(row.out),
    ...row.bytesPerSecond.map(rounded),
    ...row.wireBytesPerSecond.map(rounded),
    isoTime(row.firstSeen),
    isoTime(row.lastSeen),
    row.id,
  ];
}

function textNumber(
  title: string,
  width: number,
  read: (row: LanStationRow, bytes: ByteKind) => number | null,
): TextColumn<LanStationRow> {
  return { title, width, align: 'right', read: (row, bytes) => String(read(row, bytes) ?? '-') };
}

function textWord(
  title: string,
  width: number,
  read: (row: LanStationRow) => string | null,
): TextColumn<LanStationRow> {
  return { title, width, align: 'left', read: (row) => read(row) ?? '-' };
}

/** Of a station with more addresses than are listed, none is its own for sure. */
function addressWord({ addresses, addressesTotal }: LanStationRow): string | null {
  return addressesTotal > addresses.length ? 'many' : (addresses[0] ?? null);
}

function shownBytes({ ipBytes, wireBytes }: StationCounts, bytes: ByteKind): number {
  return bytes === 'wire' ? wireBytes : ipBytes;
}

function bitsPerSecond(row: LanStationRow, side: 0 | 1, bytes: ByteKind): number | null {
  const rate = (bytes === 'wire' ? row.wireBytesPerSecond : row.bytesPerSecond)[side];
  return rate === null ? null : Math.round(rate * 8);
}

const TEXT_COLUMNS: readonly TextColumn<LanStationRow>[] = [
  textWord('MAC', 17, (row) => row.mac),
  textWord('IFACE', 5, (row) => row.interface),
  textWord('VENDOR', 6, (row) => names.vendorOrLocal(row.mac)),
  textWord('DESCRIPTION', 11, description),
  textWord('ADDRESS', 11, addressWord),
  textNumber('ADDRS', 5, (row) => row.addressesTotal),
  textNumber('PKTS_IN', 8, (row) => row.in.packets),
  textNumber('IP_IN', 8, (row) => row.in.ipPackets),
  textNumber('BYTES_IN', 10, (row, bytes) => shownBytes(row.in, bytes)),
  textNumber('PKTS_OUT', 8, (row) => row.out.packets),
  textNumber('IP_OUT', 8, (row) => row.out.ipPackets),
  textNumber('BYTES_OUT', 10, (row, bytes) => shownBytes(row.out, bytes)),
  textNumber('BITS/S_IN', 11, (row, bytes) => bitsPerSecond(row, 0, bytes)),
  textNumber('BITS/S_OUT', 11, (row, bytes) => bitsPerSecond(row, 1, bytes)),
];

/** How rows of the LAN station monitor leave the program. */
export const lanStationsOutput: MonitorOutput<LanStationRow> = {
  json: rowJson,
  csvHeader: CSV_HEADER,
  csvRecords: (row, head) => [csvRecord(row, isoTime(head.time))],
  textColumns: TEXT_COLUMNS,
  totals(extra) {
    const { stations, groups, evicted, withoutAddresses } = extra as unknown as LanStationsExtra;
    return {
      stations,
      groups,
      evictedStations: evicted.stations,
      evictedIn: counts(evicted.in),
      evictedOut: counts(evicted.out),
      withoutAddresses: counts(withoutAddresses),
    };
  },
  facts(extra) {
    const { stations, groups, evicted, withoutAddresses } = extra as unknown as LanStationsExtra;
    const facts = [`stations ${stations}`, `groups ${groups}`];
    if (evicted.stations > 0) facts.push(`evicted stations ${evicted.stations}`);
    if (withoutAddresses.packets > 0) facts.push(`without MAC ${withoutAddresses.packets}`);
    return facts;
  },
  describeRows(rows, describe) {
    for (const row of rows) row.description = describe(row.mac);
  },
};
