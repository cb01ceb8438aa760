/**
 * The general interface statistics in machine output: one JSON object, CSV record or line of text for each interface
 * (CONTRACT section 4). Exact numbers, both kinds of bytes.
 */
import { sanitizeText } from '../../src/names/sanitize.ts';
import { rounded } from '../../src/output/json.ts';
import type { ByteKind, Cell, MonitorOutput, TextColumn } from '../../src/output/monitor-output.ts';
import { isoTime } from '../../src/output/time.ts';
import type { GeneralCounts, GeneralRates, GeneralRow } from './types.ts';

/** A share with four digits behind the point. */
function share(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10_000) / 10_000;
}

function ratesJson(rates: GeneralRates | null): Record<keyof GeneralRates, number | null> {
  return {
    packetsPerSecond: rounded(rates?.packetsPerSecond ?? null),
    bytesPerSecond: rounded(rates?.bytesPerSecond ?? null),
    wireBytesPerSecond: rounded(rates?.wireBytesPerSecond ?? null),
  };
}

function directionJson(counts: GeneralCounts | null, rates: GeneralRates | null): object | null {
  return counts === null ? null : { ...counts, ...ratesJson(rates) };
}

function rowJson(row: GeneralRow): object {
  return {
    interface: sanitizeText(row.interface),
    state: row.state,
    kind: row.kind,
    master: row.master === null ? null : sanitizeText(row.master),
    memberShare: share(row.memberShare),
    lower: row.lower.map(sanitizeText),
    speed: row.speed,
    packets: row.total?.packets ?? null,
    bytes: row.total?.ipBytes ?? null,
    wireBytes: row.total?.wireBytes ?? null,
    ...ratesJson(row.rates.total),
    ipv4: row.ipv4,
    ipv6: row.ipv6,
    nonIp: row.nonIp,
    malformed: row.malformed,
    checksumErrors: row.checksumErrors,
    in: directionJson(row.incoming, row.rates.incoming),
    out: directionJson(row.outgoing, row.rates.outgoing),
    load: [share(row.load[0]), share(row.load[1])],
    kernel: row.kernel,
    captured: row.captured,
    missed: row.missed,
  };
}

const COUNTS = [
  ['packets', 'packets'],
  ['ip_bytes', 'ipBytes'],
  ['wire_bytes', 'wireBytes'],
] as const;

const RATES = [
  ['packets_per_second', 'packetsPerSecond'],
  ['bytes_per_second', 'bytesPerSecond'],
  ['wire_bytes_per_second', 'wireBytesPerSecond'],
] as const;

const KERNEL = [
  ['kernel_rx_packets', 'rxPackets'],
  ['kernel_rx_bytes', 'rxBytes'],
  ['kernel_rx_errors', 'rxErrors'],
  ['kernel_rx_dropped', 'rxDropped'],
  ['kernel_tx_packets', 'txPackets'],
  ['kernel_tx_bytes', 'txBytes'],
  ['kernel_tx_errors', 'txErrors'],
  ['kernel_tx_dropped', 'txDropped'],
] as const;

type Field = readonly [name: string, read: (row: GeneralRow) => Cell];

function countFields(prefix: string, read: (row: GeneralRow) => GeneralCounts | null): Field[] {
  return COUNTS.map(([name, field]): Field => [prefix + name, (row) => read(row)?.[field] ?? null]);
}

function rateFields(prefix: string, read: (row: GeneralRow) => GeneralRates | null): Field[] {
  return RATES.map(([name, field]): Field => [prefix + name, (row) => rounded(read(row)?.[field] ?? null)]);
}

const FIELDS: readonly Field[] = [
  ['interface', (row) => sanitizeText(row.interface)],
  ['state', (row) => row.state],
  ['kind', (row) => row.kind],
  ['master', (row) => (row.master === null ? null : sanitizeText(row.master))],
  ['speed', (row) => row.speed],
  ...countFields('', (row) => row.total),
  ...rateFields('', (row) => row.rates.total),
  ...countFields('ipv4_', (row) => row.ipv4),
  ...countFields('ipv6_', (row) => row.ipv6),
  ...countFields('non_ip_', (row) => row.nonIp),
  ['malformed', (row) => row.malformed],
  ['checksum_errors', (row) => row.checksumErrors],
  ...countFields('in_', (row) => row.incoming),
  ...rateFields('in_', (row) => row.rates.incoming),
  ['in_load', (row) => share(row.load[0])],
  ...countFields('out_', (row) => row.outgoing),
  ...rateFields('out_', (row) => row.rates.outgoing),
  ['out_load', (row) => share(row.load[1])],
  ...KERNEL.map(([name, field]): Field => [name, (row) => row.kernel?.[field] ?? null]),
  ['missed', (row) => row.missed],
  ['member_share', (row) => share(row.memberShare)],
];

function textNumber(
  title: string,
  width: number,
  read: (row: GeneralRow, bytes: ByteKind) => number | null,
): TextColumn<GeneralRow> {
  return { title, width, align: 'right', read: (row, bytes) => String(read(row, bytes) ?? '-') };
}

function shownBytes(counts: GeneralCounts | null, bytes: ByteKind): number | null {
  return (bytes === 'wire' ? counts?.wireBytes : counts?.ipBytes) ?? null;
}

function bitsPerSecond(rates: GeneralRates | null, bytes: ByteKind): number | null {
  const perSecond = (bytes === 'wire' ? rates?.wireBytesPerSecond : rates?.bytesPerSecond) ?? null;
  return perSecond === null ? null : Math.round(perSecond * 8);
}

function sumOf(row: GeneralRow, a: 'rxErrors' | 'rxDropped', b: 'txErrors' | 'txDropped'): number | null {
  return row.kernel === null ? null : row.kernel[a] + row.kernel[b];
}

const TEXT_COLUMNS: readonly TextColumn<GeneralRow>[] = [
  { title: 'IFACE', width: 8, align: 'left', read: (row) => row.interface },
  { title: 'STATE', width: 5, align: 'left', read: (row) => row.state ?? '-' },
  { title: 'MASTER', width: 6, align: 'left', read: (row) => row.master ?? '-' },
  textNumber('PACKETS', 8, (row) => row.total?.packets ?? null),
  textNumber('IPV4', 8, (row) => row.ipv4?.packets ?? null),
  textNumber('IPV6', 6, (row) => row.ipv6?.packets ?? null),
  textNumber('NONIP', 5, (row) => row.nonIp?.packets ?? null),
  textNumber('MALFORMED', 9, (row) => row.malformed),
  textNumber('BYTES_IN', 10, (row, bytes) => shownBytes(row.incoming, bytes)),
  textNumber('BYTES_OUT', 10, (row, bytes) => shownBytes(row.outgoing, bytes)),
  textNumber('BITS/S_IN', 10, (row, bytes) => bitsPerSecond(row.rates.incoming, bytes)),
  textNumber('BITS/S_OUT', 10, (row, bytes) => bitsPerSecond(row.rates.outgoing, bytes)),
  textNumber('CAPTURED_RX', 11, (row) => row.captured?.[0] ?? null),
  textNumber('CAPTURED_TX', 11, (row) => row.captured?.[1] ?? null),
  textNumber('KERNEL_RX', 9, (row) => row.kernel?.rxPackets ?? null),
  textNumber('KERNEL_TX', 9, (row) => row.kernel?.txPackets ?? null),
  textNumber('MISSED', 6, (row) => row.missed),
  textNumber('ERRORS', 6, (row) => sumOf(row, 'rxErrors', 'txErrors')),
  textNumber('DROPPED', 7, (row) => sumOf(row, 'rxDropped', 'txDropped')),
];

/** How rows of the general interface statistics leave the program. */
export const generalOutput: MonitorOutput<GeneralRow> = {
  json: rowJson,
  csvHeader: ['timestamp', ...FIELDS.map(([name]) => name)],
  csvRecords: (row, head) => [[isoTime(head.time), ...FIELDS.map(([, read]) => read(row))]],
  textColumns: TEXT_COLUMNS,
};
