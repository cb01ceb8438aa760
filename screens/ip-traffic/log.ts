/**
 * What the IP traffic monitor writes to a log: one record for each connection that opens, closes, is reset or times out,
 * interval records with what was active, an hourly sum, and totals at the end. Pure: facts and snapshots in, records out.
 *
 *   TIME; TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80; closed; 14 packets, 300940 bytes, avg flow rate
 *   2407.52 kbps; opposite direction 12 packets, 52000 bytes, avg flow rate 416.00 kbps
 */
import type { CaptureFact } from '../../src/capture/capture-source.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type {
  ConnectionEvent,
  ConnectionFact,
  ConnectionFacts,
  ConversationState,
  IpTrafficRow,
  LoggedConversation,
} from './types.ts';

export type LogEvent =
  | ConnectionEvent
  | 'started'
  | 'stopped'
  | 'active'
  | 'interval'
  | 'hour'
  | 'reopened'
  | 'lost'
  | 'error';

export interface LogRecord {
  /** Seconds since 1970. */
  time: number;
  event: LogEvent;
  /** What goes after the time, separated by "; ". */
  fields: string[];
}

/** Figures that interval and hour records take differences of. */
interface Mark {
  time: number;
  packets: number;
  ipBytes: number;
  opened: number;
  ended: number;
}

/** States that have had a record of their own. */
const ENDED: ReadonlySet<ConversationState> = new Set(['closed', 'reset', 'timed-out']);

/** "[2001:db8::1]:443", "10.0.0.1:80", or the bare address where there are no ports. */
function place({ address, port }: LoggedConversation['endpoints'][number]): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** As iptraf-ng divides: by at least one second. */
function flow(packets: number, bytes: number, seconds: number): string {
  const kilobits = (bytes * 8) / 1000 / Math.max(1, seconds);
  return `${packets} packets, ${bytes} bytes, avg flow rate ${kilobits.toFixed(2)} kbps`;
}

/** "ICMP", "TCP", "PROTO-89": logs shout, as iptraf-ng's do. */
function protocolName({ protocol }: LoggedConversation): string {
  return /^\d+$/.test(protocol) ? `PROTO-${protocol}` : protocol.toUpperCase();
}

function conversationFields(row: LoggedConversation, what: string): string[] {
  const [from, to] = row.endpoints;
  const seconds = row.lastSeen - row.firstSeen;
  // Rows without an IP header (ARP, LLC) have frame bytes only.
  const bytes = row.ipProtocol === null ? row.wireBytes : row.ipBytes;
  return [
    protocolName(row),
    row.vlan === null ? row.interface : `${row.interface}.${row.vlan}`,
    `${bytes[0] + bytes[1]} bytes`,
    `from ${place(from)} to ${place(to)}`,
    what,
    flow(row.packets[0], bytes[0], seconds),
    `opposite direction ${flow(row.packets[1], bytes[1], seconds)}`,
  ];
}

/** The words of a record, as iptraf-ng has them where it has them. */
const WORDS: Record<ConnectionEvent, string> = {
  opened: 'first packet (SYN)',
  'first-packet': 'first packet',
  fin: 'FIN sent',
  closed: 'FIN sent and acknowledged, closed',
  reset: 'Connection reset',
  'timed-out': 'Connection timed out',
};

/** Turns what the monitor says into records; keeps the marks of the running interval and hour. */
export class IpTrafficLog {
  readonly #interface: string;
  readonly #start: Mark;
  #interval: Mark;
  #hour: Mark;
  #opened = 0;
  #ended = 0;

  /** `time` is when it starts, in engine time; 0 for a file, whose time is not known before it is read. */
  constructor(interfaceName: string, time: number) {
    this.#interface = interfaceName;
    this.#start = { time, packets: 0, ipBytes: 0, opened: 0, ended: 0 };
    this.#interval = this.#start;
    this.#hour = this.#start;
  }

  started(time: number): LogRecord {
    return { time, event: 'started', fields: ['******** IP traffic monitor started ********', this.#interface] };
  }

  connections({ facts, lost }: ConnectionFacts): LogRecord[] {
    const records = facts.map((fact) => this.#connection(fact));
    if (lost === 0) return records;
    const time = facts.at(-1)?.time ?? this.#interval.time;
    const what = `error: ${lost} connection records were lost, the log could not keep up`;
    return [...records, { time, event: 'lost', fields: ['TCP', this.#interface, what] }];
  }

  #connection({ event, time, conversation }: ConnectionFact): LogRecord {
    const fields = conversationFields(conversation, WORDS[event]);
    const first = event === 'opened' || event === 'first-packet';
    if (first) this.#opened++;
    else if (event !== 'fin') this.#ended++;
    // Nothing has come from the other side yet.
    return { time, event, fields: first ? fields.slice(0, -1) : fields };
  }

  /** Conversations that carried something since the last interval record and still live; false ends the list. */
  active(row: IpTrafficRow, time: number): LogRecord | null {
    if (ENDED.has(row.state)) return null;
    return { time, event: 'active', fields: conversationFields(row, 'active') };
  }

  /** Engine time of the last interval record (or of the start): rows last seen before it are old news. */
  get intervalBegan(): number {
    return this.#interval.time;
  }

  interval(head: Snapshot): LogRecord {
    const now = this.#mark(head);
    const fields = this.#sum(head, this.#interval, now, 'interval');
    this.#interval = now;
    return { time: head.time, event: 'interval', fields };
  }

  hour(head: Snapshot): LogRecord {
    const now = this.#mark(head);
    const fields = this.#sum(head, this.#hour, now, 'hour');
    const time = this.#hour.time;
    this.#hour = now;
    // The hour that ended is the one it began in.
    return { time: head.time, event: 'hour', fields: [hourOf(time), ...fields] };
  }

  stopped(head: Snapshot): LogRecord {
    const start = { ...this.#start, time: head.time - head.elapsedSeconds };
    const fields = this.#sum(head, start, this.#mark(head), 'total');
    return { time: head.time, event: 'stopped', fields: ['******** IP traffic monitor stopped ********', ...fields] };
  }

  fact(fact: CaptureFact, time: number): LogRecord {
    switch (fact.type) {
      case 'interface-down':
        return { time, event: 'error', fields: [`error: interface ${fact.interface} went down: ${fact.reason}`] };
      case 'interface-up':
        return { time, event: 'started', fields: [`interface ${fact.interface} is up again`] };
      case 'capture-fallback':
        return { time, event: 'started', fields: [`capturing through libpcap: ${fact.reason}`] };
      default: {
        const { operation, target, cause } = fact.error;
        return { time, event: 'error', fields: [`error: failed to ${operation} ${target}: ${cause}`] };
      }
    }
  }

  #mark({ time, totals }: Snapshot): Mark {
    return { time, packets: totals.packets, ipBytes: totals.ipBytes, opened: this.#opened, ended: this.#ended };
  }

  #sum({ capture }: Snapshot, from: Mark, to: Mark, what: string): string[] {
    const seconds = to.time - from.time;
    const bytes = to.ipBytes - from.ipBytes;
    return [
      'IP',
      this.#interface,
      `${bytes} bytes`,
      `${what} of ${seconds.toFixed(0)} s`,
      flow(to.packets - from.packets, bytes, seconds),
      `TCP ${to.opened - from.opened} opened, ${to.ended - from.ended} ended`,
      `dropped by kernel ${capture.droppedByKernel ?? 'unknown'}, malformed ${capture.malformed}`,
    ];
  }
}

/** "HH:00": the hour of the clock that a moment lies in. */
function hourOf(seconds: number): string {
  return `${String(new Date(seconds * 1000).getHours()).padStart(2, '0')}:00`;
}

/** Local time in ISO 8601's basic form with its zone: "20261121T024500+0100". No colons: scripts cut ports at them. */
export function logTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  const clock = two(date.getHours()) + two(date.getMinutes()) + two(date.getSeconds());
  const east = -date.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  return `${day}T${clock}${zone}`;
}

/** The line of a record. The hourly one begins with "HH:00 ". */
export function logLine({ time, event, fields }: LogRecord): string {
  if (event !== 'hour') return [logTime(time), ...fields].join('; ');
  const [hour, ...rest] = fields;
  return `${hour} ${[logTime(time), ...rest].join('; ')}`;
}
