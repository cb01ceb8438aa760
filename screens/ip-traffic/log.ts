/**
 * What the IP traffic monitor writes to a log: a record when a connection opens and when a side sends its FIN, one final
 * record for each conversation, a sum at every interval with what was active in it, an hourly sum, and totals at the end.
 * Pure: facts and snapshots in, records out.
 *
 *   TIME; TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80; closed; 14 packets, 300940 bytes, avg flow rate
 *   2407.52 kbps; opposite direction 12 packets, 52000 bytes, avg flow rate 416.00 kbps
 *
 * Final records and late packets (src/tables/connection-facts.ts says when a conversation is over) are together what the
 * totals say; the last record has all three.
 */
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Query } from '../../src/engine/monitor.ts';
import type { BlockKind, ConnectionsLog } from '../../src/logs/monitor-log.ts';
import type { LogEvent, LogRecord } from '../../src/logs/record.ts';
import {
  captureFacts,
  countsText,
  hourLabel,
  kbps,
  logName,
  type Mark,
  markOf,
  startOf,
  sumOf,
} from '../../src/logs/statistics-log.ts';
import { isoTime } from '../../src/output/time.ts';
import type { FactKind, LogSums } from '../../src/tables/connection-facts.ts';
import { IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { type ConversationFact, conversationFacts, type LoggedConversation } from './facts.ts';
import { FlowSummary } from './flow-summary.ts';
import type { ConnectionFacts, ConversationState, IpTrafficRow } from './types.ts';

export interface IpTrafficLogOptions {
  /** Name of what is watched. */
  interface: string;
  /** Conversations other than TCP that lasted less are summed up over so many seconds; null: each has its record. */
  flowsSeconds: number | null;
}

/** Figures that interval and hour records take differences of. */
interface IpMark extends Mark {
  opened: number;
  ended: number;
  /** Final records of all protocols, by conversations. */
  conversations: number;
}

/** States whose final record is due, or was. */
const ENDED: ReadonlySet<ConversationState> = new Set(['closed', 'reset', 'timed-out']);

/** What a record is, and its words, as iptraf-ng has them where it has them. A report reads the words again. */
const KINDS: Record<FactKind, { event: LogEvent; words: string; isFinal: boolean }> = {
  opened: { event: 'opened', words: 'first packet (SYN)', isFinal: false },
  'first-packet': { event: 'opened', words: 'first packet', isFinal: false },
  fin: { event: 'fin', words: 'FIN sent', isFinal: false },
  fins: { event: 'closed', words: 'FIN sent and acknowledged, closed', isFinal: true },
  replaced: { event: 'closed', words: 'closed, a new connection took its place', isFinal: true },
  rst: { event: 'reset', words: 'Connection reset', isFinal: true },
  unreachable: { event: 'reset', words: 'Connection reset, unreachable', isFinal: true },
  idle: { event: 'timed-out', words: 'timed out', isFinal: true },
  evicted: { event: 'timed-out', words: 'timed out, the table is full', isFinal: true },
  'still-open': { event: 'active', words: 'still open', isFinal: true },
  forgotten: { event: 'active', words: 'still open, counters were set to zero', isFinal: true },
};

export class IpTrafficLog implements ConnectionsLog {
  readonly monitor = 'ip-traffic';
  readonly label = 'IP traffic monitor';
  readonly #interface: string;
  readonly #flows: FlowSummary | null;
  #opened = 0;
  #ended = 0;
  #conversations = 0;
  /** Where the running interval and hour began; null: with the log. */
  readonly #marks: Record<'interval' | 'hour', IpMark | null> = { interval: null, hour: null };
  /** When the log began; unknown until something says it. */
  #began = Number.POSITIVE_INFINITY;
  /** ConnectionFacts.clockSet, as it was last. */
  #clockSet = 0;
  /** Sums of the whole log, once all final records are out. */
  #sums: LogSums | null = null;
  #stopped: LogRecord | null = null;

  constructor({ interface: name, flowsSeconds }: IpTrafficLogOptions) {
    this.#interface = logName(name);
    this.#flows = flowsSeconds === null ? null : new FlowSummary(flowsSeconds);
  }

  /** Records of an answer to "facts"; after the last one of all, sums of short conversations are complete too. */
  connections(answer: ConnectionFacts): LogRecord[] {
    const { time, lost, sums } = answer;
    this.#followClock(answer.clockSet);
    if (time > 0) this.#began = Math.min(this.#began, time);
    const records: LogRecord[] = [];
    for (const fact of conversationFacts(answer)) {
      this.#count(fact);
      const isSummed = KINDS[fact.kind].isFinal && this.#flows?.add(fact, time);
      if (!isSummed) records.push(conversationRecord(fact));
    }
    if (lost > 0) records.push(this.#lostRecord(lost, time));
    if (sums !== null) this.#sums = sums;
    if (sums !== null || this.#flows?.isDue(time)) records.push(...this.#flowRecords(time));
    return records;
  }

  /** Rows are wanted of what was active in the interval. */
  query(kind: BlockKind): Query | null {
    if (kind !== 'interval') return null;
    const within = { activeSince: this.#marks.interval?.time ?? 0 };
    const options = { panel: 'all', search: null, within };
    return { sort: 'last-seen', descending: true, offset: 0, limit: 0, follow: null, options };
  }

  begin(kind: BlockKind, head: Snapshot): LogRecord[] {
    const now = this.#mark(head);
    this.#began = Math.min(this.#began, now.time - now.elapsed);
    if (kind === 'stopped') {
      this.#stopped = this.#stoppedRecord(head, now);
      return [];
    }
    const before = this.#marks[kind];
    // Counters begin anew when the operator resets them.
    const from = before !== null && before.elapsed <= now.elapsed ? before : this.#beginning(now, before);
    this.#marks[kind] = now;
    const record = this.#sumRecord(kind, head, from, now);
    return [kind === 'hour' ? { ...record, hour: hourLabel(from.time, now.time) } : record];
  }

  rows(rows: readonly unknown[]): LogRecord[] {
    const time = this.#marks.interval?.time ?? 0;
    return (rows as readonly IpTrafficRow[])
      .filter(({ state }) => !ENDED.has(state))
      .map((row) => recordOf({ event: 'active', words: 'active' }, time, row, {}));
  }

  end(): LogRecord[] {
    const stopped = this.#stopped;
    this.#stopped = null;
    return stopped === null ? [] : [stopped];
  }

  /** The clock was set: what lies between two moments stays as long as it was. */
  #followClock(clockSet: number): void {
    const by = clockSet - this.#clockSet;
    if (by === 0) return;
    this.#clockSet = clockSet;
    this.#began += by;
    for (const mark of Object.values(this.#marks)) if (mark !== null) mark.time += by;
    this.#flows?.move(by);
  }

  #count({ kind, conversation }: ConversationFact): void {
    const isTcp = conversation.ipProtocol === IP_PROTOCOL.tcp;
    if (KINDS[kind].event === 'opened') this.#opened++;
    if (!KINDS[kind].isFinal) return;
    this.#conversations++;
    if (isTcp && KINDS[kind].event !== 'active') this.#ended++;
  }

  #mark(head: Snapshot): IpMark {
    return { ...markOf(head), opened: this.#opened, ended: this.#ended, conversations: this.#conversations };
  }

  /** Where the counters of `now` began. What the log has counted itself goes on from `before`. */
  #beginning(now: IpMark, before: IpMark | null): IpMark {
    const { opened = 0, ended = 0, conversations = 0 } = before ?? {};
    return { ...startOf(now), opened, ended, conversations };
  }

  #sumRecord(block: BlockKind, { capture }: Snapshot, from: IpMark, to: IpMark): LogRecord {
    const { fields, facts } = sumOf(from, to, block === 'stopped' ? 'total' : block);
    const tcpOpened = to.opened - from.opened;
    const tcpEnded = to.ended - from.ended;
    const conversations = to.conversations - from.conversations;
    const { coverage, malformedByReason } = capture;
    return {
      time: to.time,
      event: 'interval',
      monitor: this.monitor,
      interface: this.#interface,
      fields: [
        'IP',
        this.#interface,
        ...fields,
        `TCP ${tcpOpened} opened, ${tcpEnded} ended`,
        `${conversations} conversations ended`,
        `coverage ${coverage === null ? 'unknown' : `${(coverage * 100).toFixed(2)} %`}`,
      ],
      facts: {
        block,
        ...facts,
        tcpOpened,
        tcpEnded,
        conversations,
        elapsedSeconds: to.elapsed,
        capture: { ...captureFacts(capture), malformedByReason },
      },
    };
  }

  /** The totals of the whole log, of the moment at which its last final record was made. */
  #stoppedRecord(head: Snapshot, now: IpMark): LogRecord {
    const sums = this.#sums;
    const began = Math.min(this.#began, now.time);
    const whole = { ...now, elapsed: now.time - began, ...(sums === null ? {} : counters(sums.accounted)) };
    const record = this.#sumRecord('stopped', head, this.#beginning(whole, null), whole);
    const { late, unrecorded, recorded } = sums ?? {};
    const extra = sums === null ? [] : sumFields(sums);
    return {
      ...record,
      event: 'stopped',
      fields: [`******** ${this.label} stopped ********`, ...record.fields, ...extra],
      facts: {
        ...record.facts,
        recorded: recorded ?? null,
        late: late === undefined ? null : counters(late),
        unrecorded: unrecorded ?? null,
      },
    };
  }

  #flowRecords(time: number): LogRecord[] {
    if (this.#flows === null) return [];
    const { seconds, sums } = this.#flows.take(time);
    return sums.map(({ kind, conversations, conversation }) => {
      const facts = { final: true, reason: kind, conversations, windowSeconds: Math.round(seconds * 1000) / 1000 };
      const record = recordOf(KINDS[kind], time, conversation, facts);
      return { ...record, fields: [...record.fields, `${conversations} conversations in ${seconds.toFixed(0)} s`] };
    });
  }

  #lostRecord(records: number, time: number): LogRecord {
    return {
      time,
      event: 'lost',
      monitor: this.monitor,
      interface: this.#interface,
      fields: ['IP', this.#interface, `error: ${records} conversation records were lost, the log could not keep up`],
      facts: { records },
    };
  }
}

function conversationRecord({ kind, time, conversation }: ConversationFact): LogRecord {
  const { isFinal, event } = KINDS[kind];
  const record = recordOf(KINDS[kind], time, conversation, isFinal ? { final: true, reason: kind } : {});
  // Nothing has come from the other side yet.
  return event === 'opened' ? { ...record, fields: record.fields.slice(0, -1) } : record;
}

function recordOf(
  { event, words }: { event: LogEvent; words: string },
  time: number,
  row: LoggedConversation,
  facts: object,
): LogRecord {
  const name = logName(row.interface);
  return {
    time,
    event,
    monitor: 'ip-traffic',
    interface: name,
    fields: conversationFields(row, name, words),
    facts: {
      protocol: row.protocol,
      ipProtocol: row.ipProtocol,
      etherType: row.etherType,
      vlan: row.vlan,
      endpoints: row.endpoints.map(({ address, port }) => ({ address, port })),
      packets: row.packets,
      ipBytes: row.ipBytes,
      wireBytes: row.wireBytes,
      state: row.state,
      partial: row.partial,
      retransmissions: row.retransmissions,
      firstSeen: isoTime(row.firstSeen),
      lastSeen: isoTime(row.lastSeen),
      ...facts,
    },
  };
}

function conversationFields(row: LoggedConversation, interfaceName: string, words: string): string[] {
  const [from, to] = row.endpoints;
  const seconds = row.lastSeen - row.firstSeen;
  // Rows without an IP header (ARP, LLC) have frame bytes only.
  const bytes = row.ipProtocol === null ? row.wireBytes : row.ipBytes;
  return [
    protocolName(row),
    row.vlan === null ? interfaceName : `${interfaceName}.${row.vlan}`,
    `${bytes[0] + bytes[1]} bytes`,
    `from ${place(from)} to ${place(to)}`,
    words,
    flow(row.packets[0], bytes[0], seconds),
    `opposite direction ${flow(row.packets[1], bytes[1], seconds)}`,
  ];
}

/** "[2001:db8::1]:443", "10.0.0.1:80", or the bare address where there are no ports. */
function place({ address, port }: LoggedConversation['endpoints'][number]): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** As iptraf-ng divides: by at least one second. */
function flow(packets: number, ipBytes: number, seconds: number): string {
  return `${countsText({ packets, ipBytes, wireBytes: ipBytes })}, avg flow rate ${kbps(ipBytes / Math.max(1, seconds))}`;
}

/** "ICMP", "TCP", "PROTO-89": logs shout, as iptraf-ng's do. */
function protocolName({ protocol }: LoggedConversation): string {
  return /^\d+$/.test(protocol) ? `PROTO-${protocol}` : protocol.toUpperCase();
}

function sumFields({ recorded, late, unrecorded }: LogSums): string[] {
  const fields = [
    `recorded ${recorded.conversations} conversations with ${countsText(recorded)}`,
    `late ${countsText(late)}`,
  ];
  if (unrecorded.conversations === 0) return fields;
  return [...fields, `without a record ${unrecorded.conversations} conversations with ${countsText(unrecorded)}`];
}

function counters({ packets, ipBytes, wireBytes }: Pick<Mark, 'packets' | 'ipBytes' | 'wireBytes'>) {
  return { packets, ipBytes, wireBytes };
}
