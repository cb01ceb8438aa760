/**
 * The IP traffic monitor in machine output: rows as JSON objects, CSV records (one for each direction with traffic) and
 * lines of text (CONTRACT section 4). Exact numbers, both kinds of bytes, no colours.
 */
import { sanitizeText } from '../../src/names/sanitize.ts';
import { rounded } from '../../src/output/json.ts';
import type { ByteKind, Cell, MonitorOutput, TextColumn } from '../../src/output/monitor-output.ts';
import { nameEndpoints } from '../../src/output/named-endpoints.ts';
import { isoTime } from '../../src/output/time.ts';
import { endpointText } from './endpoint.ts';
import type { Endpoint, IpTrafficRow } from './types.ts';

const AS_GIVEN = { names: null, showNames: false, showServices: false };

function endpointJson({ address, port, name, nameSource = null, mac }: Endpoint): object {
  return { address, port, name, nameSource, mac };
}

function pair<T, U>(values: readonly [T, T], convert: (value: T) => U): [U, U] {
  return [convert(values[0]), convert(values[1])];
}

function rowJson(row: IpTrafficRow): object {
  return {
    id: row.id,
    protocol: row.protocol,
    ipProtocol: row.ipProtocol,
    etherType: row.etherType,
    interface: sanitizeText(row.interface),
    vlan: row.vlan,
    endpoints: pair(row.endpoints, endpointJson),
    packets: row.packets,
    ipBytes: row.ipBytes,
    wireBytes: row.wireBytes,
    bytesPerSecond: pair(row.bytesPerSecond, rounded),
    wireBytesPerSecond: pair(row.wireBytesPerSecond, rounded),
    flags: row.flags,
    state: row.state,
    partial: row.partial,
    rttSeconds: row.rttSeconds,
    retransmissions: row.retransmissions,
    window: row.window,
    lastPacketSize: row.lastPacketSize,
    detail: row.detail,
    process: row.process,
    firstSeen: isoTime(row.firstSeen),
    lastSeen: isoTime(row.lastSeen),
  };
}

/** The first eight are what scripts that split lines at commas rely on; more may be added at the end. */
const CSV_HEADER = [
  'timestamp',
  'interface',
  'protocol',
  'src_ip',
  'dst_ip',
  'src_port',
  'dst_port',
  'bytes',
  'packets',
  'wire_bytes',
  'bytes_per_second',
  'wire_bytes_per_second',
  'flags',
  'state',
  'partial',
  'rtt_seconds',
  'retransmissions',
  'window',
  'vlan',
  'src_name',
  'dst_name',
  'src_mac',
  'dst_mac',
  'detail',
  'first_seen',
  'last_seen',
  'id',
] as const;

/** What endpoint `side` sent to the other one. */
function csvRecord(row: IpTrafficRow, side: 0 | 1, timestamp: string | null): Cell[] {
  const source = row.endpoints[side];
  const destination = row.endpoints[1 - side];
  return [
    timestamp,
    sanitizeText(row.interface),
    row.protocol,
    source.address,
    destination.address,
    source.port,
    destination.port,
    row.ipBytes[side],
    row.packets[side],
    row.wireBytes[side],
    rounded(row.bytesPerSecond[side]),
    rounded(row.wireBytesPerSecond[side]),
    row.flags[side],
    row.state,
    row.partial,
    row.rttSeconds,
    row.retransmissions?.[side] ?? null,
    row.window[side],
    row.vlan,
    source.name,
    destination.name,
    source.mac,
    destination.mac,
    row.detail[side],
    isoTime(row.firstSeen),
    isoTime(row.lastSeen),
    row.id,
  ];
}

function textNumber(
  title: string,
  width: number,
  read: (row: IpTrafficRow, bytes: ByteKind) => number | null,
): TextColumn<IpTrafficRow> {
  return { title, width, align: 'right', read: (row, bytes) => String(read(row, bytes) ?? '-') };
}

function textWord(title: string, width: number, read: (row: IpTrafficRow) => string): TextColumn<IpTrafficRow> {
  return { title, width, align: 'left', read };
}

function shownBytes(row: IpTrafficRow, side: 0 | 1, bytes: ByteKind): number {
  return (bytes === 'wire' ? row.wireBytes : row.ipBytes)[side];
}

function bitsPerSecond(row: IpTrafficRow, side: 0 | 1, bytes: ByteKind): number | null {
  const rate = (bytes === 'wire' ? row.wireBytesPerSecond : row.bytesPerSecond)[side];
  return rate === null ? null : Math.round(rate * 8);
}

const TEXT_COLUMNS: readonly TextColumn<IpTrafficRow>[] = [
  textWord('PROTO', 5, (row) => row.protocol),
  textWord('IFACE', 5, (row) => row.interface),
  textWord('SOURCE', 21, (row) => endpointText(row.endpoints[0], row.protocol, AS_GIVEN)),
  textWord('DESTINATION', 21, (row) => endpointText(row.endpoints[1], row.protocol, AS_GIVEN)),
  textWord('STATE', 11, (row) => row.state),
  textNumber('PKTS_SENT', 9, (row) => row.packets[0]),
  textNumber('PKTS_RECV', 9, (row) => row.packets[1]),
  textNumber('BYTES_SENT', 10, (row, bytes) => shownBytes(row, 0, bytes)),
  textNumber('BYTES_RECV', 10, (row, bytes) => shownBytes(row, 1, bytes)),
  textNumber('BITS/S_SENT', 11, (row, bytes) => bitsPerSecond(row, 0, bytes)),
  textNumber('BITS/S_RECV', 11, (row, bytes) => bitsPerSecond(row, 1, bytes)),
];

/** How rows of the IP traffic monitor leave the program. */
export const ipTrafficOutput: MonitorOutput<IpTrafficRow> = {
  json: rowJson,
  csvHeader: CSV_HEADER,
  csvRecords(row, head) {
    const timestamp = isoTime(head.time);
    const records: Cell[][] = [];
    if (row.packets[0] > 0) records.push(csvRecord(row, 0, timestamp));
    if (row.packets[1] > 0) records.push(csvRecord(row, 1, timestamp));
    return records;
  },
  textColumns: TEXT_COLUMNS,
  nameRows: nameEndpoints,
};
