import { describe, expect, it } from 'vitest';
import type { GeneralRow } from '../../screens/general/types.ts';
import { CONVERSATION_STATES } from '../../screens/ip-traffic/types.ts';
import type { SnapshotHead } from '../../src/engine/messages.ts';
import { exposition, LastingCounters } from '../../src/metrics/exposition.ts';
import { type CaptureMetrics, Metrics, type RunMetrics } from '../../src/metrics/prometheus.ts';

const RUN: RunMetrics = {
  version: '1.2.3',
  startTime: 1_700_000_000.25,
  alertsActive: 2,
  log: { written: 7, lost: 1 },
};

function head(changes: Partial<SnapshotHead> = {}, began = 1000, elapsed = 5): SnapshotHead {
  return {
    monitor: 'general',
    time: began + elapsed,
    elapsedSeconds: elapsed,
    interface: 'eth0',
    capture: {
      source: 'ring',
      received: 40,
      droppedByKernel: 3,
      droppedByInterface: null,
      malformed: 6,
      malformedByReason: { badIpChecksum: 4, shortTransport: 2 },
      filteredOut: 0,
      filter: null,
      passed: null,
      kernelFilterRefusal: null,
      coverage: 0.5,
      freezes: 0,
      notWritten: 0,
    },
    totals: {
      packets: 50,
      buffers: 40,
      ipBytes: 5000,
      wireBytes: 6000,
      packetsPerSecond: null,
      bytesPerSecond: null,
      wireBytesPerSecond: null,
    },
    evicted: { conversations: 0, packets: 0, ipBytes: 0, wireBytes: 0 },
    interfaces: [],
    ...changes,
  };
}

const NO_RATES = { total: null, incoming: null, outgoing: null };

function row(name: string, changes: Partial<GeneralRow> = {}): GeneralRow {
  const counts = (packets: number): GeneralRow['total'] => ({
    packets,
    ipBytes: packets * 100,
    wireBytes: packets * 120,
  });
  return {
    id: 0,
    interface: name,
    depth: 0,
    state: 'up',
    kind: 'veth',
    master: null,
    lower: [],
    speed: 1000,
    total: counts(50),
    ipv4: counts(30),
    ipv6: counts(15),
    nonIp: counts(5),
    malformed: 6,
    checksumErrors: 4,
    incoming: counts(20),
    outgoing: counts(30),
    rates: NO_RATES,
    peak: null,
    load: [null, null],
    kernel: {
      rxPackets: 21,
      rxBytes: 2000,
      rxErrors: 1,
      rxDropped: 2,
      txPackets: 31,
      txBytes: 3000,
      txErrors: 3,
      txDropped: 4,
    },
    captured: null,
    missed: 2,
    memberShare: null,
    minute: [],
    ...changes,
  };
}

function capture(changes: Partial<CaptureMetrics> = {}): CaptureMetrics {
  return { name: 'eth0', head: head(), interfaces: [row('eth0')], conversations: null, ...changes };
}

/** Value by series, without comments. */
function series(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const pairs = lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]);
  expect(new Set(pairs.map(([name]) => name)).size, 'a series stands once').toBe(lines.length);
  return Object.fromEntries(pairs);
}

const read = (captures: CaptureMetrics[], metrics = new Metrics()): Record<string, number> =>
  series(metrics.text(captures, RUN));

it('says what was captured and counted', () => {
  const figures = read([capture()]);
  expect(figures).toMatchObject({
    'iptraf_ts_capture_packets_total{capture="eth0"}': 50,
    'iptraf_ts_capture_ip_bytes_total{capture="eth0"}': 5000,
    'iptraf_ts_capture_wire_bytes_total{capture="eth0"}': 6000,
    'iptraf_ts_capture_received_buffers_total{capture="eth0"}': 40,
    'iptraf_ts_capture_dropped_packets_total{capture="eth0",by="kernel"}': 3,
    'iptraf_ts_capture_malformed_packets_total{capture="eth0",reason="bad_ip_checksum"}': 4,
    'iptraf_ts_capture_malformed_packets_total{capture="eth0",reason="short_transport"}': 2,
    // What has not happened yet is 0 from the start: its first time counts.
    'iptraf_ts_capture_malformed_packets_total{capture="eth0",reason="bad_tunnel"}': 0,
    'iptraf_ts_capture_coverage_ratio{capture="eth0"}': 0.5,
    'iptraf_ts_interface_packets_total{interface="eth0",direction="in"}': 20,
    'iptraf_ts_interface_wire_bytes_total{interface="eth0",direction="out"}': 3600,
    'iptraf_ts_interface_class_packets_total{interface="eth0",class="non_ip"}': 5,
    'iptraf_ts_interface_kernel_packets_total{interface="eth0",direction="out"}': 31,
    'iptraf_ts_interface_kernel_dropped_packets_total{interface="eth0",direction="in"}': 2,
    'iptraf_ts_interface_up{interface="eth0"}': 1,
    'iptraf_ts_interface_speed_bytes{interface="eth0"}': 125e6,
    iptraf_ts_alerts_active: 2,
    iptraf_ts_log_lines_written_total: 7,
    iptraf_ts_log_lines_lost_total: 1,
    iptraf_ts_start_time_seconds: 1_700_000_000.25,
    'iptraf_ts_build_info{version="1.2.3"}': 1,
  });
});

it('leaves out what is not known: it is not 0', () => {
  const names = Object.keys(read([capture()])).join('\n');
  expect(names).not.toContain('by="interface"');
  expect(names).not.toContain('filter_passed');
  expect(names).not.toContain('conversations');
  // All packets have a direction.
  expect(names).not.toContain('direction="unknown"');
  const file = row('a', { state: null, incoming: null, outgoing: null, kernel: null, speed: null, missed: null });
  const figures = read([capture({ interfaces: [file] })]);
  expect(figures['iptraf_ts_interface_packets_total{interface="a",direction="unknown"}']).toBe(50);
  expect(Object.keys(figures).join('\n')).not.toMatch(/direction="in"|kernel_|_up|_speed|_missed/);
});

it('counts conversations by state', () => {
  const conversations = CONVERSATION_STATES.map((_, state) => state * 10);
  const figures = read([capture({ conversations })]);
  expect(figures['iptraf_ts_conversations{capture="eth0",state="syn_sent"}']).toBe(10);
  expect(figures['iptraf_ts_conversations{capture="eth0",state="idle"}']).toBe(100);
});

it('tells of an interface once, and not of one that is gone', () => {
  const both = capture({ name: 'all', interfaces: [row('eth0'), row('eth1'), row('eth2', { state: 'gone' })] });
  const figures = read([capture(), both]);
  const packets = Object.keys(figures).filter((name) => /interface_packets_total.*direction="in"/.test(name));
  expect(packets).toEqual([
    'iptraf_ts_interface_packets_total{interface="eth0",direction="in"}',
    'iptraf_ts_interface_packets_total{interface="eth1",direction="in"}',
  ]);
});

it('lets counters go on when an engine begins anew', () => {
  const metrics = new Metrics();
  const at = (packets: number, began: number): number => {
    const totals = { ...head().totals, packets };
    return read([capture({ head: head({ totals }, began, packets) })], metrics)[
      'iptraf_ts_capture_packets_total{capture="eth0"}'
    ];
  };
  expect([at(50, 1000), at(70, 1000), at(5, 2000), at(100, 2000), at(0, 3000)]).toEqual([50, 70, 75, 170, 170]);
});

it('never takes a counter back', () => {
  const counters = new LastingCounters();
  expect(counters.read('a', 10, 1)).toBe(10);
  expect(counters.read('a', 9, 1)).toBe(10);
  expect(counters.read('a', 11, 1)).toBe(11);
});

describe('the text', () => {
  it('escapes as the format asks', () => {
    const text = exposition([
      { name: 'x', type: 'gauge', help: 'a \\ b\nc "d"', samples: [{ labels: { l: 'q" \\ \n{}' }, value: 1.5 }] },
    ]);
    expect(text).toBe(
      '# HELP iptraf_ts_x a \\\\ b\\nc "d"\n# TYPE iptraf_ts_x gauge\niptraf_ts_x{l="q\\" \\\\ \\n{}"} 1.5\n',
    );
  });

  it('has no family without a value', () => {
    expect(exposition([{ name: 'x', type: 'gauge', help: 'h', samples: [{ labels: {}, value: null }] }])).toBe('');
    expect(exposition([{ name: 'x', type: 'gauge', help: 'h', samples: [{ labels: {}, value: Number.NaN }] }])).toBe(
      '',
    );
  });
});
