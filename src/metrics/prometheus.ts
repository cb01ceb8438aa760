/**
 * Figures of a run as metrics: what each capture counted, its interfaces beside what the kernel counted of them, its
 * conversations, and the program itself. Units are the base units (bytes, seconds, ratios of 1). Pure.
 */
import type { GeneralCounts, GeneralRow, KernelSince } from '../../screens/general/types.ts';
import { CONVERSATION_STATES } from '../../screens/ip-traffic/types.ts';
import type { SnapshotHead } from '../engine/messages.ts';
import { DECODE_STATUS, DECODE_STATUS_NAMES } from '../wire/decoded-batch.ts';
import { exposition, type Family, type Labels, LastingCounters, type Sample } from './exposition.ts';

/** What one engine counted. */
export interface CaptureMetrics {
  /** What it watches: an interface, several with commas, "all", or a file. Each capture has another. */
  name: string;
  head: SnapshotHead;
  /** Rows of the general statistics. */
  interfaces: readonly GeneralRow[];
  /** Conversations in each of CONVERSATION_STATES; null: they are not followed. */
  conversations: readonly number[] | null;
}

/** What the program itself says. */
export interface RunMetrics {
  /** Version of the program. */
  version: string;
  /** Seconds since 1970. */
  startTime: number;
  alertsActive: number;
  /** LogWriter.figures; null: no log is written. */
  log: { written: number; lost: number } | null;
}

const REASONS = DECODE_STATUS_NAMES.slice(DECODE_STATUS.ok + 1);

const MEGABIT_BYTES = 1e6 / 8;

/** A family whose samples are made of each capture, or of each interface of it. */
interface Description<Of> {
  name: string;
  type: Family['type'];
  help: string;
  read(of: Of): Sample[];
}

const one = (value: number | null, labels: Labels = {}): Sample[] => [{ labels, value }];

/** Name, help, and what it counts; the label `capture` comes by itself. */
const CAPTURE: readonly Description<CaptureMetrics>[] = [
  counter('capture_packets_total', 'Packets that passed the filter, offloaded ones as they are on the wire.', (of) =>
    one(of.head.totals.packets),
  ),
  counter('capture_ip_bytes_total', 'Bytes of IP packets that passed the filter.', (of) => one(of.head.totals.ipBytes)),
  counter('capture_wire_bytes_total', 'Bytes of whole frames that passed the filter.', (of) =>
    one(of.head.totals.wireBytes),
  ),
  counter('capture_received_buffers_total', 'Buffers that the kernel handed over.', (of) =>
    one(of.head.capture.received),
  ),
  counter('capture_dropped_packets_total', 'Packets dropped in front of the capture.', ({ head: { capture } }) => [
    { labels: { by: 'kernel' }, value: capture.droppedByKernel },
    { labels: { by: 'interface' }, value: capture.droppedByInterface },
  ]),
  counter(
    'capture_malformed_packets_total',
    'Packets that could not be decoded to their end.',
    ({ head: { capture } }) =>
      REASONS.map((reason) => ({
        labels: { reason: snakeCase(reason) },
        value: capture.malformed === null ? null : (capture.malformedByReason[reason] ?? 0),
      })),
  ),
  counter('capture_filtered_packets_total', 'Packets that the program itself left out by filter.', (of) =>
    one(of.head.capture.filteredOut),
  ),
  counter('capture_ring_freezes_total', 'Times that the packet ring was full.', (of) => one(of.head.capture.freezes)),
  counter('capture_unwritten_packets_total', 'Packets that -w could not write.', (of) =>
    one(of.head.capture.notWritten),
  ),
  gauge('capture_coverage_ratio', 'Captured packets of those that the kernel counted in the last minute.', (of) =>
    one(of.head.capture.coverage),
  ),
  gauge('capture_filter_passed_ratio', 'Packets that the filter let through in the last minute.', (of) =>
    one(of.head.capture.passed),
  ),
  gauge('conversations', 'Conversations in the table.', ({ conversations }) =>
    (conversations ?? []).map((value, state) => ({ labels: { state: snakeCase(CONVERSATION_STATES[state]) }, value })),
  ),
  counter('conversations_evicted_total', 'Conversations folded away because the table was full.', (of) =>
    of.conversations === null ? [] : one(of.head.evicted.conversations),
  ),
];

/** The label `interface` comes by itself. */
const INTERFACE: readonly Description<GeneralRow>[] = [
  counter('interface_packets_total', 'Captured packets, offloaded ones as they are on the wire.', (row) =>
    byDirection(row, 'packets'),
  ),
  counter('interface_ip_bytes_total', 'Captured bytes of IP packets.', (row) => byDirection(row, 'ipBytes')),
  counter('interface_wire_bytes_total', 'Captured bytes of whole frames.', (row) => byDirection(row, 'wireBytes')),
  counter('interface_class_packets_total', 'Captured packets by class.', (row) => byClass(row, 'packets')),
  counter('interface_class_wire_bytes_total', 'Captured bytes of whole frames by class.', (row) =>
    byClass(row, 'wireBytes'),
  ),
  counter('interface_malformed_packets_total', 'Packets that could not be decoded to their end.', (row) =>
    one(row.malformed),
  ),
  counter('interface_checksum_errors_total', 'IPv4 packets with a wrong header checksum.', (row) =>
    one(row.checksumErrors),
  ),
  counter('interface_kernel_packets_total', 'Packets that the kernel counted since the capture began.', (row) =>
    ofKernel(row, 'rxPackets', 'txPackets'),
  ),
  counter('interface_kernel_bytes_total', 'Bytes that the kernel counted since the capture began.', (row) =>
    ofKernel(row, 'rxBytes', 'txBytes'),
  ),
  counter('interface_kernel_errors_total', 'Errors that the kernel counted since the capture began.', (row) =>
    ofKernel(row, 'rxErrors', 'txErrors'),
  ),
  counter('interface_kernel_dropped_packets_total', 'Packets that the kernel dropped, not for the capture.', (row) =>
    ofKernel(row, 'rxDropped', 'txDropped'),
  ),
  gauge('interface_missed_packets', 'Packets that the kernel counted and the capture did not get.', (row) =>
    one(row.missed),
  ),
  gauge('interface_up', '1: up with a carrier.', ({ state }) => one(state === null ? null : Number(state === 'up'))),
  gauge('interface_speed_bytes', 'Bytes per second that each direction can carry.', ({ speed }) =>
    one(speed === null || speed <= 0 ? null : speed * MEGABIT_BYTES),
  ),
];

function counter<Of>(name: string, help: string, read: (of: Of) => Sample[]): Description<Of> {
  return { name, type: 'counter', help, read };
}

function gauge<Of>(name: string, help: string, read: (of: Of) => Sample[]): Description<Of> {
  return { name, type: 'gauge', help, read };
}

/** in, out, and unknown: what the capture tells no direction of. */
function byDirection({ total, incoming, outgoing }: GeneralRow, figure: keyof GeneralCounts): Sample[] {
  const known = (incoming?.[figure] ?? 0) + (outgoing?.[figure] ?? 0);
  const all = total?.[figure] ?? null;
  const rest = all === null ? null : all - known;
  return [
    { labels: { direction: 'in' }, value: incoming?.[figure] ?? null },
    { labels: { direction: 'out' }, value: outgoing?.[figure] ?? null },
    { labels: { direction: 'unknown' }, value: rest === 0 && incoming !== null ? null : rest },
  ];
}

function byClass({ ipv4, ipv6, nonIp }: GeneralRow, figure: keyof GeneralCounts): Sample[] {
  return [
    { labels: { class: 'ipv4' }, value: ipv4?.[figure] ?? null },
    { labels: { class: 'ipv6' }, value: ipv6?.[figure] ?? null },
    { labels: { class: 'non_ip' }, value: nonIp?.[figure] ?? null },
  ];
}

function ofKernel({ kernel }: GeneralRow, received: keyof KernelSince, sent: keyof KernelSince): Sample[] {
  return [
    { labels: { direction: 'in' }, value: kernel?.[received] ?? null },
    { labels: { direction: 'out' }, value: kernel?.[sent] ?? null },
  ];
}

/** "shortTransport" and "syn-sent" as label values are written. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll('-', '_');
}

/** Makes the text of each writing; its counters never go back as long as it lives. */
export class Metrics {
  readonly #counters = new LastingCounters();

  text(captures: readonly CaptureMetrics[], run: RunMetrics): string {
    this.#counters.next();
    return exposition([
      ...CAPTURE.map((description) => this.#ofCaptures(description, captures)),
      ...INTERFACE.map((description) => this.#ofInterfaces(description, captures)),
      ...runFamilies(run),
    ]);
  }

  #ofCaptures(description: Description<CaptureMetrics>, captures: readonly CaptureMetrics[]): Family {
    const samples = captures.flatMap((capture) => {
      const labels = { capture: capture.name };
      return this.#samples(description, capture, labels, capture.head);
    });
    return { ...description, samples };
  }

  /** An interface that several captures watch is told of once: all count the same. One that is gone is not. */
  #ofInterfaces(description: Description<GeneralRow>, captures: readonly CaptureMetrics[]): Family {
    const told = new Set<string>();
    const samples: Sample[] = [];
    for (const { interfaces, head } of captures) {
      for (const row of interfaces) {
        if (row.state === 'gone' || told.has(row.interface)) continue;
        told.add(row.interface);
        samples.push(...this.#samples(description, row, { interface: row.interface }, head));
      }
    }
    return { ...description, samples };
  }

  #samples<Of>({ name, type, read }: Description<Of>, of: Of, labels: Labels, head: SnapshotHead): Sample[] {
    const began = head.time - head.elapsedSeconds;
    return read(of).map((sample) => {
      const all = { ...labels, ...sample.labels };
      if (type === 'gauge' || sample.value === null) return { labels: all, value: sample.value };
      return { labels: all, value: this.#counters.read(name + JSON.stringify(all), sample.value, began) };
    });
  }
}

function runFamilies({ version, startTime, alertsActive, log }: RunMetrics): Family[] {
  const family = (name: string, type: Family['type'], help: string, samples: Sample[]): Family => {
    return { name, type, help, samples };
  };
  return [
    family('alerts_active', 'gauge', 'Alerts that are on.', one(alertsActive)),
    family('log_lines_written_total', 'counter', 'Lines written to logs.', one(log?.written ?? null)),
    family('log_lines_lost_total', 'counter', 'Lines that no log took.', one(log?.lost ?? null)),
    family('start_time_seconds', 'gauge', 'When the program began, seconds since 1970.', one(startTime)),
    family('build_info', 'gauge', 'Version of the program; always 1.', one(1, { version })),
  ];
}
