/** Logs for the tests of reports: random records in both forms, made by the program's own writers of lines. */
import { logJson } from '../../src/logs/log-json.ts';
import { type LogEvent, type LogRecord, logText } from '../../src/logs/record.ts';
import { sumOf } from '../../src/logs/statistics-log.ts';

export interface MadeConversation {
  time: number;
  event: LogEvent;
  words: string;
  protocol: string;
  interface: string;
  endpoints: [{ address: string; port: number | null }, { address: string; port: number | null }];
  packets: [number, number];
  bytes: [number, number];
  conversations?: number;
}

/** Ends of conversations, with the words that lines of text have. */
export const ENDS: readonly [LogEvent, string][] = [
  ['closed', 'FIN sent and acknowledged, closed'],
  ['closed', 'closed, a new connection took its place'],
  ['reset', 'Connection reset'],
  ['timed-out', 'timed out'],
  ['active', 'still open'],
];

/** Records that count for nothing: these conversations go on. */
export const GOING_ON: readonly [LogEvent, string][] = [
  ['opened', 'first packet (SYN)'],
  ['fin', 'FIN sent'],
  ['active', 'active'],
];

function place({ address, port }: MadeConversation['endpoints'][number]): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function conversationRecord(made: MadeConversation): LogRecord {
  const { time, event, words, protocol, endpoints, packets, bytes, conversations } = made;
  const flow = (side: 0 | 1): string => `${packets[side]} packets, ${bytes[side]} bytes, avg flow rate 1.25 kbps`;
  const isFinal = ENDS.some(([, each]) => each === words);
  const fields = [
    protocol.toUpperCase(),
    made.interface,
    `${bytes[0] + bytes[1]} bytes`,
    `from ${place(endpoints[0])} to ${place(endpoints[1])}`,
    words,
    flow(0),
    ...(event === 'opened' ? [] : [`opposite direction ${flow(1)}`]),
    ...(conversations === undefined ? [] : [`${conversations} conversations in 60 s`]),
  ];
  const facts = {
    protocol,
    ipProtocol: protocol === 'arp' ? null : 6,
    vlan: null,
    endpoints,
    packets,
    ipBytes: protocol === 'arp' ? [0, 0] : bytes,
    wireBytes: protocol === 'arp' ? bytes : [bytes[0] + 14, bytes[1] + 14],
    ...(isFinal ? { final: true } : {}),
    ...(conversations === undefined ? {} : { conversations }),
  };
  return { time, event, monitor: 'ip-traffic', interface: made.interface, fields, facts };
}

export interface MadeSum {
  time: number;
  seconds: number;
  packets: number;
  bytes: number;
  dropped: number;
  malformed?: number;
  interface?: string;
}

/** An hourly sum, as every monitor writes it. */
export function hourRecord({ time, seconds, packets, bytes, dropped, malformed = 0, ...made }: MadeSum): LogRecord {
  const nothing = { packets: 0, ipBytes: 0, wireBytes: 0, droppedByKernel: 0, droppedByInterface: 0, malformed: 0 };
  const from = { time: time - seconds, elapsed: 0, ...nothing };
  const counted = { packets, ipBytes: bytes, wireBytes: bytes + 14 * packets };
  const to = { ...from, time, elapsed: seconds, ...counted, droppedByKernel: dropped, malformed };
  const { fields, facts } = sumOf(from, to, 'hour');
  const name = made.interface ?? 'eth0';
  return {
    time,
    event: 'interval',
    monitor: 'ip-traffic',
    interface: name,
    fields: ['IP', name, ...fields],
    facts: { block: 'hour', ...facts },
    hour: '14:00',
  };
}

export function textLog(records: readonly LogRecord[]): string {
  return records.map((record) => `${logText(record)}\n`).join('');
}

export function jsonLog(records: readonly LogRecord[]): string {
  return records.map((record) => `${logJson(record)}\n`).join('');
}

/** Numbers that look random and are the same every time (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** From this moment on, one record a minute. */
export const BEGIN = Date.parse('2026-11-20T10:00:30Z') / 1000;

export function madeConversations(count: number, seed = 1): MadeConversation[] {
  const below = random(seed);
  const address = (): string =>
    below(4) === 0 ? `2001:db8::${(1 + below(20)).toString(16)}` : `10.0.0.${1 + below(40)}`;
  return Array.from({ length: count }, (_, i): MadeConversation => {
    const protocol = ['tcp', 'tcp', 'udp', 'icmp', 'arp'][below(5)];
    const hasPorts = protocol === 'tcp' || protocol === 'udp';
    const [event, words] = below(4) === 0 ? GOING_ON[below(3)] : ENDS[below(5)];
    return {
      time: BEGIN + i * 60 + below(1000) / 1000,
      event,
      words,
      protocol,
      interface: below(3) === 0 ? 'eth1' : 'eth0',
      endpoints: [
        { address: address(), port: hasPorts ? 1024 + below(60_000) : null },
        { address: address(), port: hasPorts ? [80, 443, 53, 8080][below(4)] : null },
      ],
      packets: [1 + below(50), below(50)],
      bytes: [60 + below(100_000), below(2_000_000)],
    };
  });
}
