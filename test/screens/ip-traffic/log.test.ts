import { describe, expect, it } from 'vitest';
import type { ConversationFact, LoggedConversation } from '../../../screens/ip-traffic/facts.ts';
import { IpTrafficLog } from '../../../screens/ip-traffic/log.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';
import { type LogRecord, logText } from '../../../src/logs/record.ts';
import type { FactKind } from '../../../src/tables/connection-facts.ts';
import { factsAnswer } from '../../support/conversation-facts.ts';

const START = new Date(2026, 10, 21, 2, 45, 0).getTime() / 1000;

function conversation(changes: Partial<LoggedConversation> = {}): LoggedConversation {
  return {
    protocol: 'tcp',
    ipProtocol: 6,
    etherType: null,
    interface: 'eth0',
    vlan: null,
    endpoints: [
      { address: '10.0.0.1', port: 49744 },
      { address: '10.0.0.2', port: 80 },
    ],
    packets: [14, 12],
    ipBytes: [300_940, 52_000],
    wireBytes: [301_136, 52_168],
    state: 'closed',
    partial: false,
    retransmissions: [1, 0],
    firstSeen: START,
    lastSeen: START + 10,
    ...changes,
  };
}

function fact(kind: FactKind, changes: Partial<LoggedConversation> = {}): ConversationFact {
  return { kind, time: START + 10, conversation: conversation(changes) };
}

const UDP: Partial<LoggedConversation> = { protocol: 'udp', ipProtocol: 17, partial: null, retransmissions: null };

function head(seconds: number, packets: number, ipBytes: number, elapsedSeconds = seconds): Snapshot {
  return {
    time: START + seconds,
    elapsedSeconds,
    totals: { packets, ipBytes, wireBytes: ipBytes + 14 * packets },
    capture: {
      droppedByKernel: 3,
      droppedByInterface: 0,
      malformed: 1,
      malformedByReason: { truncated: 1 },
      coverage: 0.9987,
    },
  } as unknown as Snapshot;
}

function newLog(flowsSeconds: number | null = null): IpTrafficLog {
  return new IpTrafficLog({ interface: 'eth0', flowsSeconds });
}

/** The line without its time. */
function textOf(record: LogRecord): string {
  return logText(record).replace(/^(..:.. )?\d{8}T\d{6}[+-]\d{4}; /, '$1');
}

function line(kind: FactKind, changes: Partial<LoggedConversation> = {}): string {
  return newLog()
    .connections(factsAnswer([fact(kind, changes)]))
    .map(textOf)
    .join('\n');
}

/** A block of the log, without rows. */
function block(log: IpTrafficLog, kind: 'interval' | 'hour' | 'stopped', at: Snapshot): LogRecord {
  const [record] = [...log.begin(kind, at), ...log.end()];
  return record;
}

const SENT = '14 packets, 300940 bytes, avg flow rate 240.75 kbps';
const OPPOSITE = 'opposite direction 12 packets, 52000 bytes, avg flow rate 41.60 kbps';
const BEGIN = 'TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80';

describe('records of conversations', () => {
  it.each<[FactKind, string]>([
    ['opened', `${BEGIN}; first packet (SYN); ${SENT}`],
    ['first-packet', `${BEGIN}; first packet; ${SENT}`],
    ['fin', `${BEGIN}; FIN sent; ${SENT}; ${OPPOSITE}`],
    ['fins', `${BEGIN}; FIN sent and acknowledged, closed; ${SENT}; ${OPPOSITE}`],
    ['replaced', `${BEGIN}; closed, a new connection took its place; ${SENT}; ${OPPOSITE}`],
    ['rst', `${BEGIN}; Connection reset; ${SENT}; ${OPPOSITE}`],
    ['unreachable', `${BEGIN}; Connection reset, unreachable; ${SENT}; ${OPPOSITE}`],
    ['idle', `${BEGIN}; timed out; ${SENT}; ${OPPOSITE}`],
    ['evicted', `${BEGIN}; timed out, the table is full; ${SENT}; ${OPPOSITE}`],
    ['still-open', `${BEGIN}; still open; ${SENT}; ${OPPOSITE}`],
    ['forgotten', `${BEGIN}; still open, counters were set to zero; ${SENT}; ${OPPOSITE}`],
  ])('%s', (kind, expected) => {
    expect(line(kind)).toBe(expected);
  });

  it('put IPv6 addresses with ports into brackets, and VLANs behind the interface', () => {
    const endpoints: LoggedConversation['endpoints'] = [
      { address: '2001:db8::1', port: 1024 },
      { address: '2001:db8::2', port: 443 },
    ];
    expect(line('fins', { endpoints, vlan: 10 })).toContain(
      'TCP; eth0.10; 352940 bytes; from [2001:db8::1]:1024 to [2001:db8::2]:443; ',
    );
  });

  it('clean the names of interfaces, which a capture file may choose', () => {
    expect(line('fins', { interface: 'e\u001b[31m; x' })).toMatch(/^TCP; e·\[31m, x; 352940 bytes; /);
  });

  it('say the same as facts', () => {
    const [record] = newLog().connections(factsAnswer([fact('rst', { state: 'reset', vlan: 7 })]));
    expect(record).toMatchObject({ time: START + 10, event: 'reset', monitor: 'ip-traffic', interface: 'eth0' });
    expect(record.facts).toEqual({
      protocol: 'tcp',
      ipProtocol: 6,
      etherType: null,
      vlan: 7,
      endpoints: [
        { address: '10.0.0.1', port: 49744 },
        { address: '10.0.0.2', port: 80 },
      ],
      packets: [14, 12],
      ipBytes: [300_940, 52_000],
      wireBytes: [301_136, 52_168],
      state: 'reset',
      partial: false,
      retransmissions: [1, 0],
      firstSeen: new Date(START * 1000).toISOString(),
      lastSeen: new Date((START + 10) * 1000).toISOString(),
      final: true,
      reason: 'rst',
    });
  });

  it('are final for every end and for nothing else', () => {
    const events = (kind: FactKind): unknown[] => {
      const [{ event, facts }] = newLog().connections(factsAnswer([fact(kind)]));
      return [event, facts.final];
    };
    expect(events('opened')).toEqual(['opened', undefined]);
    expect(events('first-packet')).toEqual(['opened', undefined]);
    expect(events('fin')).toEqual(['fin', undefined]);
    expect(events('fins')).toEqual(['closed', true]);
    expect(events('unreachable')).toEqual(['reset', true]);
    expect(events('evicted')).toEqual(['timed-out', true]);
    expect(events('still-open')).toEqual(['active', true]);
  });

  it('say how many were lost', () => {
    const [record] = newLog().connections(factsAnswer([], { time: START, lost: 5 }));
    expect(textOf(record)).toMatch(/^IP; eth0; error: 5 conversation records were lost/);
    expect([record.event, record.facts]).toEqual(['lost', { records: 5 }]);
  });
});

describe('intervals', () => {
  it('ask for what was active since the last one, and leave out what has or will have its final record', () => {
    const log = newLog();
    expect(log.query('hour')).toBeNull();
    expect(log.query('interval')?.options.within).toEqual({ activeSince: 0 });
    log.begin('interval', head(60, 100, 6000));
    const rows = (['established', 'closed', 'reset', 'timed-out', 'active'] as const).map((state) => ({
      ...conversation({ state }),
    }));
    expect(log.rows(rows).map(textOf)).toEqual([
      `${BEGIN}; active; ${SENT}; ${OPPOSITE}`,
      `${BEGIN}; active; ${SENT}; ${OPPOSITE}`,
    ]);
    expect(log.query('interval')?.options.within).toEqual({ activeSince: START + 60 });
  });

  it('count frame bytes where there is no IP header', () => {
    const log = newLog();
    const arp = conversation({
      protocol: 'arp',
      ipProtocol: null,
      ipBytes: [0, 0],
      wireBytes: [42, 60],
      state: 'idle',
    });
    expect(log.rows([arp])[0].fields.slice(0, 3)).toEqual(['ARP', 'eth0', '102 bytes']);
  });
});

describe('sums', () => {
  it('of intervals and hours begin where the last one ended, that of the run at its start', () => {
    const log = newLog();
    log.connections(factsAnswer([fact('opened'), fact('fins'), fact('idle', UDP)], { time: START }));
    expect(block(log, 'interval', head(60, 100, 6000)).fields).toEqual([
      'IP',
      'eth0',
      '6000 bytes',
      'interval of 60 s',
      '100 packets, 6000 bytes, avg flow rate 0.80 kbps',
      'dropped by kernel 3, dropped by interface 0, malformed 1',
      'TCP 1 opened, 1 ended',
      '2 conversations ended',
      'coverage 99.87 %',
    ]);
    const second = block(log, 'interval', head(120, 150, 9000));
    expect(second.fields.slice(2)).toEqual([
      '3000 bytes',
      'interval of 60 s',
      '50 packets, 3000 bytes, avg flow rate 0.40 kbps',
      'dropped by kernel 0, dropped by interface 0, malformed 0',
      'TCP 0 opened, 0 ended',
      '0 conversations ended',
      'coverage 99.87 %',
    ]);
    expect(second.facts).toMatchObject({
      block: 'interval',
      seconds: 60,
      packets: 50,
      capture: { droppedByKernel: 3, malformed: 1, malformedByReason: { truncated: 1 } },
    });
    expect(textOf(block(log, 'hour', head(900, 200, 10_000)))).toMatch(
      /^02:00 IP; eth0; 10000 bytes; hour of 900 s; 200 packets/,
    );
    expect(textOf(block(log, 'hour', head(4500, 300, 20_000)))).toMatch(
      /^03:00 IP; eth0; 10000 bytes; hour of 3600 s; 100 packets/,
    );
    const stopped = block(log, 'stopped', head(4600, 400, 30_000));
    expect(textOf(stopped)).toMatch(
      /^\*{8} IP traffic monitor stopped \*{8}; IP; eth0; 30000 bytes; total of 4600 s; 400 packets/,
    );
    expect(stopped.event).toBe('stopped');
  });

  it('go on when the operator has reset the counters', () => {
    const log = newLog();
    log.begin('interval', head(60, 100, 6000));
    expect(block(log, 'interval', head(120, 30, 900, 20)).fields.slice(2, 5)).toEqual([
      '900 bytes',
      'interval of 20 s',
      '30 packets, 900 bytes, avg flow rate 0.36 kbps',
    ]);
  });

  it('of the whole log are those of the moment of its last record, with what has no record', () => {
    const log = newLog();
    const sums = {
      recorded: { conversations: 7, packets: 90, ipBytes: 4000, wireBytes: 5000 },
      unrecorded: { conversations: 1, packets: 4, ipBytes: 160, wireBytes: 200 },
      late: { conversations: 0, packets: 6, ipBytes: 240, wireBytes: 300 },
      accounted: { conversations: 8, packets: 100, ipBytes: 4400, wireBytes: 5500 },
    };
    log.connections(factsAnswer([], { time: START }));
    log.connections(factsAnswer([], { time: START + 100, sums }));
    // Counters were reset in between, and a packet came since.
    const { fields, facts } = block(log, 'stopped', head(100, 11, 660, 40));
    expect(fields.slice(3, 6)).toEqual([
      '4400 bytes',
      'total of 100 s',
      '100 packets, 4400 bytes, avg flow rate 0.35 kbps',
    ]);
    expect(fields.slice(-3)).toEqual([
      'recorded 7 conversations with 90 packets, 4000 bytes',
      'late 6 packets, 240 bytes',
      'without a record 1 conversations with 4 packets, 160 bytes',
    ]);
    const { conversations: _, ...late } = sums.late;
    expect(facts).toMatchObject({
      packets: 100,
      wireBytes: 5500,
      recorded: sums.recorded,
      late,
      unrecorded: sums.unrecorded,
    });
  });

  it.each([3600, -3600])('are of the time that has passed, also when the clock is set by %i s meanwhile', (step) => {
    const log = newLog();
    log.connections(factsAnswer([], { time: START }));
    log.begin('interval', head(60, 100, 6000));
    log.connections(factsAnswer([], { time: START + step + 90, clockSet: step }));
    const after = head(100, 200, 12_000);
    const { fields } = block(log, 'stopped', { ...after, time: after.time + step });
    expect(fields).toContain('total of 100 s');
    expect(log.query('interval')?.options.within).toEqual({ activeSince: START + step + 60 });
  });

  it('of a file are over the file’s own time', () => {
    expect(block(newLog(), 'stopped', head(30, 10, 600)).fields).toContain('total of 30 s');
  });

  it('survive the scripts that users have for iptraf-ng’s logs', () => {
    const log = newLog();
    const text = [
      ...log.connections(factsAnswer([fact('fins')])),
      block(log, 'interval', head(60, 100, 6000)),
      block(log, 'hour', head(900, 200, 10_000)),
    ]
      .map(logText)
      .join('\n');
    expect(text.match(/^[0-9]{2}:/gm)).toHaveLength(1);
    expect(text.match(/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/g)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(text.match(/:[0-9]+/g)).toEqual([':49744', ':80', ':00']);
    expect(text.match(/(TCP|UDP|ICMP)/g)).not.toBeNull();
    expect(text).not.toMatch(/error|fail|unusual/i);
  });
});

describe('short conversations', () => {
  const dns = (client: number, changes: Partial<LoggedConversation> = {}): ConversationFact =>
    fact('idle', {
      ...UDP,
      state: 'idle',
      endpoints: [
        { address: '10.0.0.1', port: client },
        { address: '10.0.0.9', port: 53 },
      ],
      packets: [1, 1],
      ipBytes: [60, 120],
      wireBytes: [74, 134],
      lastSeen: START + 0.1,
      ...changes,
    });

  it('are one record a window for all of a client and a server’s port; others keep theirs', () => {
    const log = newLog(60);
    const long = dns(9999, { lastSeen: START + 60 });
    const first = log.connections(factsAnswer([dns(1000), dns(1001), long, fact('fins')], { time: START + 10 }));
    expect(first.map(({ event }) => event)).toEqual(['timed-out', 'closed']);
    expect(log.connections(factsAnswer([dns(1002)], { time: START + 69 }))).toEqual([]);
    const [sum, ...others] = log.connections(factsAnswer([], { time: START + 70 }));
    expect(others).toEqual([]);
    expect(textOf(sum)).toBe(
      'UDP; eth0; 540 bytes; from 10.0.0.1 to 10.0.0.9:53; timed out; ' +
        '3 packets, 180 bytes, avg flow rate 1.44 kbps; ' +
        'opposite direction 3 packets, 360 bytes, avg flow rate 2.88 kbps; 3 conversations in 60 s',
    );
    expect(sum.facts).toMatchObject({
      conversations: 3,
      windowSeconds: 60,
      final: true,
      endpoints: [
        { address: '10.0.0.1', port: null },
        { address: '10.0.0.9', port: 53 },
      ],
    });
  });

  it('are summed up to the end', () => {
    const log = newLog(3600);
    const nothing = { conversations: 0, packets: 0, ipBytes: 0, wireBytes: 0 };
    const sums = { recorded: nothing, unrecorded: nothing, late: nothing, accounted: nothing };
    const records = log.connections(factsAnswer([dns(1000), dns(1001)], { time: START + 10, sums }));
    expect(records.map(({ facts }) => facts.conversations)).toEqual([2]);
  });
});
