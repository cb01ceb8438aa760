/** What each statistics monitor writes to a log, from fixed snapshots: the lines as text, and what JSON has of them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { detailedLog } from '../../screens/detailed/log.ts';
import { DETAILED_CLASSES, type DetailedExtra, type DetailedRow } from '../../screens/detailed/types.ts';
import { generalLog } from '../../screens/general/log.ts';
import type { GeneralRow } from '../../screens/general/types.ts';
import { lanStationsLog } from '../../screens/lan-stations/log.ts';
import type { LanStationRow } from '../../screens/lan-stations/types.ts';
import { packetSizesLog } from '../../screens/packet-sizes/log.ts';
import type { PacketSizesExtra, PacketSizesRow } from '../../screens/packet-sizes/types.ts';
import { portsLog } from '../../screens/ports/log.ts';
import type { PortRow } from '../../screens/ports/types.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { logJson } from '../../src/logs/log-json.ts';
import type { BlockKind, MonitorLog } from '../../src/logs/monitor-log.ts';
import { type LogRecord, logText } from '../../src/logs/record.ts';
import { isLogLine } from '../support/log-schema.ts';
import { snapshotHead } from '../support/screens.ts';

/** 14:30:00 UTC. */
const TIME = Date.UTC(2026, 10, 21, 14, 30) / 1000;

beforeAll(() => {
  process.env.TZ = 'UTC';
});

function counts(packets: number, ipBytes: number): { packets: number; ipBytes: number; wireBytes: number } {
  return { packets, ipBytes, wireBytes: ipBytes + 14 * packets };
}

function rates(packetsPerSecond: number, bytesPerSecond: number) {
  return { packetsPerSecond, bytesPerSecond, wireBytesPerSecond: bytesPerSecond + 14 * packetsPerSecond };
}

/** A capture of a minute with drops and malformed packets; `parts` win. */
function snapshot(extra: object = {}, parts: Partial<Snapshot> = {}): Snapshot {
  const head = snapshotHead({ time: TIME, elapsedSeconds: 60 });
  return {
    ...head,
    totals: { ...head.totals, ...counts(1000, 750_000), buffers: 900 },
    capture: { ...head.capture, received: 1003, droppedByKernel: 3, droppedByInterface: 1, malformed: 2 },
    rows: [],
    offset: 0,
    rowsTotal: 0,
    hidden: 0,
    extra: { ...extra },
    ...parts,
  };
}

function block(log: MonitorLog, kind: BlockKind, head: Snapshot, rows: readonly unknown[] = []): LogRecord[] {
  const records = [...log.begin(kind, head), ...log.rows(rows), ...log.end()];
  for (const record of records) expect(isLogLine(JSON.parse(logJson(record))), logJson(record)).toBe(true);
  return records;
}

const texts = (records: readonly LogRecord[]): string[] => records.map(logText);

/** What every block of these snapshots says of the capture. */
const LOSSES = 'dropped by kernel 3, dropped by interface 1, malformed 2';
const HEAD = `running 60 s; 1000 packets, 750000 bytes; ${LOSSES}`;
const AT = '20261121T143000+0000';

const generalRow: GeneralRow = {
  id: 1,
  interface: 'eth0',
  depth: 0,
  state: 'up',
  kind: 'e1000',
  master: null,
  lower: [],
  speed: 1000,
  total: counts(1000, 750_000),
  ipv4: counts(600, 450_000),
  ipv6: counts(390, 299_000),
  nonIp: counts(10, 1000),
  malformed: 2,
  checksumErrors: 1,
  incoming: counts(700, 700_000),
  outgoing: counts(300, 50_000),
  rates: { total: rates(20, 10_000), incoming: rates(15, 9000), outgoing: rates(5, 1000) },
  peak: rates(80, 50_000),
  load: [0.1, 0.01],
  kernel: {
    rxPackets: 703,
    rxBytes: 710_000,
    rxErrors: 4,
    rxDropped: 5,
    txPackets: 301,
    txBytes: 54_200,
    txErrors: 6,
    txDropped: 7,
  },
  captured: [700, 300],
  missed: 4,
  memberShare: null,
  minute: [],
};

describe('general interface statistics', () => {
  it('has a line for each interface, IPv6 and the kernel’s figures included', () => {
    const log = generalLog('all');
    const records = block(log, 'interval', snapshot(), [generalRow]);
    expect(texts(records)).toEqual([
      `${AT}; general; all; ${HEAD}`,
      `${AT}; general; eth0; 1000 packets, 750000 bytes; IPv4 600 packets, 450000 bytes; IPv6 390 packets, 299000 bytes; ` +
        'non-IP 10 packets, 1000 bytes; in 700 packets, 700000 bytes; out 300 packets, 50000 bytes; ' +
        'bad IP checksums 1, malformed 2; average 100.00 kbps, peak 400.00 kbps, last interval 100.00 kbps; ' +
        'kernel rx 703 packets, 710000 bytes, 4 bad, 5 dropped, tx 301 packets, 54200 bytes, 6 bad, 7 dropped; missed 4',
    ]);
    expect(records.map(({ event, monitor, interface: name }) => [event, monitor, name])).toEqual([
      ['interval', 'general', 'all'],
      ['interval', 'general', 'eth0'],
    ]);
    expect(records[0].facts).toMatchObject({
      block: 'interval',
      elapsedSeconds: 60,
      totals: { packets: 1000, buffers: 900, ipBytes: 750_000, wireBytes: 764_000 },
      capture: { received: 1003, droppedByKernel: 3, droppedByInterface: 1, malformed: 2 },
    });
    expect(records[1].facts).toMatchObject({
      interface: 'eth0',
      ipv6: counts(390, 299_000),
      kernel: { rxErrors: 4, txDropped: 7 },
      missed: 4,
      averageBytesPerSecond: 12_500,
      peakBytesPerSecond: 50_000,
      lastIntervalBytesPerSecond: 12_500,
    });
  });

  it('says what an interface carried since the last block, and begins anew after a reset', () => {
    const log = generalLog('all');
    const lastInterval = (elapsedSeconds: number, ipBytes: number): unknown => {
      const row = { ...generalRow, total: counts(1000, ipBytes) };
      return block(log, 'interval', snapshot({}, { elapsedSeconds }), [row])[1].facts.lastIntervalBytesPerSecond;
    };
    expect(lastInterval(60, 600_000)).toBe(10_000);
    expect(lastInterval(90, 900_000)).toBe(10_000);
    expect(lastInterval(100, 900_000)).toBe(0);
    expect(lastInterval(10, 5000)).toBe(500);
  });

  it('shows what is not known as unknown', () => {
    const row: GeneralRow = {
      ...generalRow,
      total: null,
      ipv4: null,
      incoming: null,
      peak: null,
      kernel: null,
      missed: null,
      malformed: null,
    };
    const head = snapshot();
    const capture = { ...head.capture, droppedByKernel: null, droppedByInterface: null, malformed: null };
    const [first, second] = texts(block(generalLog('all'), 'interval', { ...head, capture }, [row]));
    expect(first).toContain('dropped by kernel unknown, dropped by interface unknown, malformed unknown');
    expect(second).toContain('; packets unknown; IPv4 unknown; ');
    expect(second).toContain('; average unknown, peak unknown, last interval unknown; kernel unknown; missed unknown');
  });

  it('counts wire bytes where only the kernel’s counters are read', () => {
    const head = snapshot();
    const bare = { ...head, totals: { ...head.totals, ipBytes: null } };
    expect(texts(block(generalLog('all'), 'stopped', bare)).at(-1)).toBe(
      `${AT}; ******** General interface statistics stopped ********; general; all; 764000 wire bytes; total of 60 s; ` +
        `1000 packets, 764000 wire bytes, avg flow rate 101.87 kbps; ${LOSSES}`,
    );
  });

  it('lets no name break a line', () => {
    const [, record] = block(generalLog('all'), 'interval', snapshot(), [{ ...generalRow, interface: 'a;b\nc' }]);
    expect(logText(record)).toContain('; general; a,b·c; ');
  });

  it('hourly sums and totals are those of their time', () => {
    const log = generalLog('all');
    const hour = (time: number, elapsedSeconds: number, packets: number, dropped: number): LogRecord[] => {
      const head = snapshot({}, { time, elapsedSeconds });
      const totals = { ...head.totals, ...counts(packets, packets * 100) };
      return block(log, 'hour', { ...head, totals, capture: { ...head.capture, droppedByKernel: dropped } });
    };
    expect(log.query('hour')).toBeNull();
    // Ticks of the engine are up to a quarter of a second beside the full hour.
    const first = hour(TIME + 1799.9, 1800, 1000, 3);
    const second = hour(TIME + 5399.8, 5399.9, 4600, 3);
    expect(texts([...first, ...second])).toEqual([
      '14:00 20261121T145959+0000; general; all; 100000 bytes; hour of 1800 s; 1000 packets, 100000 bytes, avg flow rate 0.44 kbps; ' +
        LOSSES,
      '15:00 20261121T155959+0000; general; all; 360000 bytes; hour of 3600 s; 3600 packets, 360000 bytes, avg flow rate 0.80 kbps; ' +
        'dropped by kernel 0, dropped by interface 0, malformed 0',
    ]);
    expect(second[0].facts).toMatchObject({ block: 'hour', hour: '15:00', packets: 3600, droppedByKernel: 0 });
    // After a reset by the operator the counters are those since then.
    const third = hour(TIME + 9000, 100, 50, 0);
    expect(third[0].facts).toMatchObject({ packets: 50, seconds: 100 });
    const last = block(log, 'stopped', snapshot());
    expect(last.map(({ event }) => event)).toEqual(['interval', 'stopped']);
    expect(last[1].facts).toMatchObject({ seconds: 60, packets: 1000, ipBytes: 750_000, droppedByKernel: 3 });
  });
});

describe('detailed interface statistics', () => {
  const row = (index: number): DetailedRow => ({
    id: index,
    interface: 'eth0',
    class: DETAILED_CLASSES[index],
    total: counts(100 + index, 1000),
    incoming: counts(60, 600),
    outgoing: index === 9 ? null : counts(40, 400),
    rates: { total: rates(2, 250), incoming: rates(1, 125), outgoing: null },
  });
  const figures = { total: rates(10, 1250), incoming: rates(6, 750), outgoing: rates(4, 500) };
  const extra: DetailedExtra = {
    interface: 'eth0',
    interfaces: ['eth0'],
    directionKnown: true,
    averages: { ...figures, broadcast: rates(1, 125), multicast: rates(0, 0) },
    peaks: { total: rates(20, 2500), incoming: null, outgoing: null, broadcast: null, multicast: null },
    ipChecksumErrors: 5,
    malformed: 2,
    buffers: 900,
    link: null,
    kernel: {
      rxPackets: 10,
      rxBytes: 1000,
      txPackets: null,
      txBytes: null,
      rxErrors: 1,
      txErrors: 2,
      rxDropped: 3,
      txDropped: 4,
      missed: null,
    },
    history: null,
  };

  it('has a line for each class, IPv6 and multicast included', () => {
    const records = block(
      detailedLog('eth0'),
      'interval',
      snapshot(extra),
      DETAILED_CLASSES.map((_, i) => row(i)),
    );
    const lines = texts(records);
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe(
      `${AT}; detailed; eth0; ${HEAD}; average 10.00 kbps 10 pps, in 6.00 kbps 6 pps, out 4.00 kbps 4 pps, ` +
        'broadcast 1.00 kbps 1 pps, multicast 0.00 kbps 0 pps; peak 20.00 kbps 20 pps, in unknown, out unknown, ' +
        'broadcast unknown, multicast unknown; bad IP checksums 5; ' +
        'kernel rx 10 packets, 1000 bytes, 1 bad, 3 dropped, tx unknown packets, unknown bytes, 2 bad, 4 dropped; missed unknown',
    );
    expect(lines[3]).toBe(
      `${AT}; detailed; eth0; IPv6; 102 packets, 1000 bytes; in 60 packets, 600 bytes; out 40 packets, 400 bytes; ` +
        'now 2.00 kbps 2 pps, in 1.00 kbps 1 pps, out unknown',
    );
    expect(lines[10]).toContain('; Multicast; 109 packets, 1000 bytes; in 60 packets, 600 bytes; out unknown; ');
    expect(records[0].facts).toMatchObject({ ipChecksumErrors: 5, peaks: { total: { packetsPerSecond: 20 } } });
    expect(records[3].facts).toMatchObject({ class: 'ipv6', total: counts(102, 1000) });
  });

  it('says nothing of a kernel that did not count', () => {
    const [first] = texts(block(detailedLog('x.pcap'), 'stopped', snapshot({ ...extra, kernel: null })));
    expect(first).toMatch(/; bad IP checksums 5$/);
  });
});

describe('packet sizes', () => {
  const row = (from: number, to: number | null, packets: number): PacketSizesRow => ({
    id: 0,
    from,
    to,
    in: packets - 1,
    out: 1,
    packets,
    inBytes: 10,
    outBytes: 10,
    bytes: 20,
    share: 0.125,
    byteShare: 0.5,
    inPacketsPerSecond: null,
    outPacketsPerSecond: null,
    packetsPerSecond: null,
    inBytesPerSecond: null,
    outBytesPerSecond: null,
    bytesPerSecond: null,
  });
  const summary = { packets: 1, bytes: 100, average: 99.96, largest: 1500 };
  const extra: PacketSizesExtra = {
    byteKind: 'ip',
    interface: null,
    interfaces: ['eth0'],
    mtu: 1500,
    linkHeader: 14,
    mtuFrom: 'link',
    in: summary,
    out: { packets: null, bytes: null, average: null, largest: null },
    total: { ...summary, largest: 9000 },
  };

  it('has a line for each bracket, and one for what is larger than the MTU', () => {
    const records = block(packetSizesLog('eth0'), 'interval', snapshot(extra), [row(1, 75, 8), row(1501, null, 3)]);
    expect(texts(records)).toEqual([
      `${AT}; packet-sizes; eth0; ${HEAD}; MTU 1500; average size 100, in 100, out unknown; largest size 9000, in 1500, out unknown`,
      `${AT}; packet-sizes; eth0; 1 to 75 bytes; 8 packets, 20 bytes; in 7 packets, out 1 packets; share 12.5%`,
      `${AT}; packet-sizes; eth0; more than 1500 bytes (oversized); 3 packets, 20 bytes; in 2 packets, out 1 packets; share 12.5%`,
    ]);
    expect(records[0].facts).toMatchObject({ mtu: 1500, largestSize: 9000, outAverageSize: null });
    expect(records[2].facts).toMatchObject({ from: 1501, to: null, packets: 3 });
  });
});

describe('ports', () => {
  const rate = { packetsPerSecond: null, bytesPerSecond: null, wireBytesPerSecond: null };
  const row: PortRow = {
    id: 1,
    protocol: 'tcp',
    ipProtocol: 6,
    port: 80,
    total: { ...counts(30, 45_000), ...rate },
    to: { ...counts(10, 15_000), ...rate },
    from: { ...counts(20, 30_000), ...rate },
    conversations: 4,
  };

  it('has a line for each port: to and from it, with average rates', () => {
    const extra = { ...counts(30, 45_000), ...rate, conversations: 4 };
    const records = block(portsLog('eth0'), 'interval', snapshot(extra, { rowsTotal: 1 }), [row]);
    expect(texts(records)).toEqual([
      `${AT}; ports; eth0; ${HEAD}; 1 ports, 4 conversations with 30 packets, 45000 bytes`,
      `${AT}; ports; eth0; TCP/80 (http); 30 packets, 45000 bytes, 6.00 kbps; to 10 packets, 15000 bytes, 2.00 kbps; ` +
        'from 20 packets, 30000 bytes, 4.00 kbps; 4 conversations',
    ]);
    expect(records[1].facts).toMatchObject({ protocol: 'tcp', port: 80, service: 'http', total: counts(30, 45_000) });
  });
});

describe('LAN stations', () => {
  const side = { ...counts(12, 6000), ipPackets: 11 };
  const row = (parts: Partial<LanStationRow> = {}): LanStationRow => ({
    id: 1,
    kind: 'station',
    interface: 'eth1',
    mac: '02:00:00:00:00:01',
    description: null,
    addresses: ['10.0.0.1'],
    addressesTotal: 1,
    addressesExact: true,
    in: side,
    out: side,
    bytesPerSecond: [125, null],
    wireBytesPerSecond: [140, null],
    firstSeen: TIME - 10,
    lastSeen: TIME,
    ...parts,
  });
  const nobody = { ...counts(0, 0), ipPackets: 0 };
  const extra = {
    stations: 1,
    groups: 1,
    evicted: { stations: 2, in: nobody, out: nobody },
    withoutAddresses: { ...counts(3, 300), ipPackets: 3 },
    isWithoutMacs: false,
    knowsVendors: false,
  };

  it('has a line for each station and group with the operator’s name of it, which may change', () => {
    let descriptions: Record<string, string> = { '02:00:00:00:00:01': 'printer; 2nd floor' };
    const log = lanStationsLog('all', () => descriptions);
    const group = row({ kind: 'group', mac: '33:33:00:00:00:01', interface: 'eth0' });
    const records = block(log, 'interval', snapshot(extra), [row(), group]);
    const flow = '12 packets, 6000 bytes, 11 IP packets, 0.80 kbps';
    expect(texts(records)).toEqual([
      `${AT}; lan-stations; all; ${HEAD}; 1 stations, 1 groups; evicted 2 stations; without MAC 3 packets, 300 bytes`,
      `${AT}; lan-stations; eth1; 02:00:00:00:00:01 (printer, 2nd floor, local); in ${flow}; out ${flow}; now 1.00 kbps in, unknown out`,
      expect.stringMatching(/; lan-stations; eth0; 33:33:00:00:00:01 group \(/),
    ]);
    expect(records[1].facts).toMatchObject({ mac: '02:00:00:00:00:01', description: 'printer; 2nd floor', in: side });
    descriptions = {};
    expect(logText(block(log, 'interval', snapshot(extra), [row()])[1])).toContain('; 02:00:00:00:00:01 (local); ');
  });
});
