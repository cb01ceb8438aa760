import { describe, expect, it } from 'vitest';
import { IpTrafficLog, logLine, logTime } from '../../../screens/ip-traffic/log.ts';
import type { ConnectionEvent, IpTrafficRow } from '../../../screens/ip-traffic/types.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';

const START = new Date(2026, 10, 21, 2, 45, 0).getTime() / 1000;

function row(changes: Partial<IpTrafficRow> = {}): IpTrafficRow {
  return {
    id: 1,
    protocol: 'tcp',
    ipProtocol: 6,
    etherType: null,
    interface: 'eth0',
    vlan: null,
    endpoints: [
      { address: '10.0.0.1', port: 49744, name: null, mac: null },
      { address: '10.0.0.2', port: 80, name: null, mac: null },
    ],
    packets: [14, 12],
    ipBytes: [300_940, 52_000],
    wireBytes: [301_136, 52_168],
    bytesPerSecond: [0, 0],
    wireBytesPerSecond: [0, 0],
    flags: ['-FA-', '-FA-'],
    state: 'closed',
    partial: false,
    rttSeconds: null,
    retransmissions: [0, 0],
    window: [null, null],
    lastPacketSize: [52, 52],
    detail: [null, null],
    process: null,
    firstSeen: START,
    lastSeen: START + 10,
    ...changes,
  };
}

function head(seconds: number, packets: number, ipBytes: number): Snapshot {
  return {
    time: START + seconds,
    elapsedSeconds: seconds,
    totals: { packets, ipBytes },
    capture: { droppedByKernel: 3, malformed: 1 },
  } as Snapshot;
}

function line(event: ConnectionEvent, changes: Partial<IpTrafficRow> = {}): string {
  const log = new IpTrafficLog('eth0', START);
  const [record] = log.connections({ facts: [{ event, time: START, conversation: row(changes) }], lost: 0 });
  return logLine(record).replace(/^\d{8}T\d{6}[+-]\d{4}; /, '');
}

describe('log records', () => {
  it('begin with the local time in basic form with its zone', () => {
    expect(logTime(START)).toMatch(/^20261121T024500[+-]\d{4}$/);
    expect(Date.parse(logTime(START).replace(/^(....)(..)(..)T(..)(..)(..)(...)(..)$/, '$1-$2-$3T$4:$5:$6$7:$8'))).toBe(
      START * 1000,
    );
  });

  it.each([
    [
      'opened',
      'TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80; first packet (SYN); 14 packets, 300940 bytes, avg flow rate 240.75 kbps',
    ],
    [
      'first-packet',
      'TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80; first packet; 14 packets, 300940 bytes, avg flow rate 240.75 kbps',
    ],
    [
      'fin',
      'TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80; FIN sent; 14 packets, 300940 bytes, avg flow rate 240.75 kbps; opposite direction 12 packets, 52000 bytes, avg flow rate 41.60 kbps',
    ],
    [
      'reset',
      'TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80; Connection reset; 14 packets, 300940 bytes, avg flow rate 240.75 kbps; opposite direction 12 packets, 52000 bytes, avg flow rate 41.60 kbps',
    ],
  ] as const)('of a connection that is %s', (event, expected) => {
    expect(line(event)).toBe(expected);
  });

  it('put IPv6 addresses with ports into brackets, and VLANs behind the interface', () => {
    const endpoints: IpTrafficRow['endpoints'] = [
      { address: '2001:db8::1', port: 1024, name: null, mac: null },
      { address: '2001:db8::2', port: 443, name: null, mac: null },
    ];
    expect(line('closed', { endpoints, vlan: 10 })).toContain(
      'TCP; eth0.10; 352940 bytes; from [2001:db8::1]:1024 to [2001:db8::2]:443; ',
    );
  });

  it('count frame bytes where there is no IP header', () => {
    const log = new IpTrafficLog('eth0', START);
    const arp = row({ protocol: 'arp', ipProtocol: null, ipBytes: [0, 0], wireBytes: [42, 60], state: 'active' });
    expect(log.active(arp, START)?.fields.slice(0, 3)).toEqual(['ARP', 'eth0', '102 bytes']);
  });

  it('leave out connections that had a record of their end', () => {
    const log = new IpTrafficLog('eth0', START);
    for (const state of ['closed', 'reset', 'timed-out'] as const) expect(log.active(row({ state }), START)).toBeNull();
    expect(log.active(row({ state: 'established' }), START)?.fields[4]).toBe('active');
  });

  it('say how many were lost', () => {
    const records = new IpTrafficLog('eth0', START).connections({ facts: [], lost: 5 });
    expect(records.map(logLine)[0]).toMatch(/; TCP; eth0; error: 5 connection records were lost/);
  });
});

describe('sums', () => {
  it('of intervals and hours begin where the last one ended, that of the run at its start', () => {
    const log = new IpTrafficLog('eth0', START);
    log.connections({ facts: [{ event: 'opened', time: START, conversation: row() }], lost: 0 });
    expect(log.interval(head(60, 100, 6000)).fields).toEqual([
      'IP',
      'eth0',
      '6000 bytes',
      'interval of 60 s',
      '100 packets, 6000 bytes, avg flow rate 0.80 kbps',
      'TCP 1 opened, 0 ended',
      'dropped by kernel 3, malformed 1',
    ]);
    expect(log.interval(head(120, 150, 9000)).fields.slice(2, 6)).toEqual([
      '3000 bytes',
      'interval of 60 s',
      '50 packets, 3000 bytes, avg flow rate 0.40 kbps',
      'TCP 0 opened, 0 ended',
    ]);
    expect(logLine(log.hour(head(900, 200, 10_000)))).toMatch(
      /^02:00 20261121T030000[+-]\d{4}; IP; eth0; 10000 bytes; hour of 900 s; 200 packets/,
    );
    expect(logLine(log.hour(head(4500, 300, 20_000)))).toMatch(
      /^03:00 .*; IP; eth0; 10000 bytes; hour of 3600 s; 100 packets/,
    );
    expect(logLine(log.stopped(head(4600, 400, 30_000)))).toMatch(
      /; \*{8} IP traffic monitor stopped \*{8}; IP; eth0; 30000 bytes; total of 4600 s; 400 packets/,
    );
  });

  it('of a file are over the file’s own time', () => {
    const log = new IpTrafficLog('x.pcap', 0);
    expect(log.stopped(head(30, 10, 600)).fields).toContain('total of 30 s');
  });

  it('survive the scripts that users have for iptraf-ng’s logs', () => {
    const log = new IpTrafficLog('eth0', START);
    const text = [
      log.started(START),
      ...log.connections({ facts: [{ event: 'closed', time: START, conversation: row() }], lost: 0 }),
    ]
      .concat([log.interval(head(60, 100, 6000)), log.hour(head(900, 200, 10_000))])
      .map(logLine)
      .join('\n');
    expect(text.match(/^[0-9]{2}:/gm)).toHaveLength(1);
    expect(text.match(/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/g)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(text.match(/:[0-9]+/g)).toEqual([':49744', ':80', ':00']);
    expect(text.match(/(TCP|UDP|ICMP)/g)).not.toBeNull();
    expect(text).not.toMatch(/error|fail|unusual/i);
  });
});
