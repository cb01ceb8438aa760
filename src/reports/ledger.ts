/** Conversations by whatever a report ranks: hosts, ports, protocols, interfaces, the conversations themselves. */
import { serviceName } from '../names/services.ts';
import { type ConversationEntry, splitPlace } from './entry.ts';
import { KeyTable } from './key-table.ts';
import type { ConversationRow, HostRow, NamedRow, PortRow, Ranking } from './report.ts';

/** Different hosts and conversations that are told apart at most; about 250 MB when both tables are full. */
const DEFAULT_CAPACITY = 1_000_000;
/** Ports of all protocols. */
const PORT_CAPACITY = 200_000;
const NAME_CAPACITY = 10_000;

/** Below it, ports are services by themselves (RFC 6335 section 6). */
const SYSTEM_PORTS = 1024;

/** Columns of hosts: bytes first, they weigh. */
const SENT_BYTES = 0;
const RECEIVED_BYTES = 1;
const SENT_PACKETS = 2;
const RECEIVED_PACKETS = 3;
const BEGAN = 4;
const ANSWERED = 5;
/** Columns of conversations: as hosts, from the first endpoint of the key; then how many, and which side began. */
const RECORDS = 4;
const SECOND_BEGAN = 5;
/** Columns of everything else. */
const BYTES = 0;
const PACKETS = 1;
const CONVERSATIONS = 2;

export class Ledger {
  readonly #hosts: KeyTable;
  readonly #conversations: KeyTable;
  readonly #ports = new KeyTable({ columns: 3, weighed: 1, capacity: PORT_CAPACITY });
  readonly #protocols = new KeyTable({ columns: 3, weighed: 1, capacity: NAME_CAPACITY });
  readonly #interfaces = new KeyTable({ columns: 3, weighed: 1, capacity: NAME_CAPACITY });

  constructor(capacity = DEFAULT_CAPACITY) {
    this.#hosts = new KeyTable({ columns: 6, weighed: 2, capacity });
    this.#conversations = new KeyTable({ columns: 6, weighed: 2, capacity });
  }

  add(entry: ConversationEntry): void {
    const from = splitPlace(entry.from);
    const to = splitPlace(entry.to);
    this.#addHost(from.address, entry, 0, BEGAN);
    // Of a conversation with itself a host sent both directions, but began it, and nobody else did.
    this.#addHost(to.address, entry, 1, to.address === from.address ? null : ANSWERED);
    this.#addConversation(entry);
    addSum(this.#protocols, entry.protocol, entry);
    addSum(this.#interfaces, entry.interface, entry);
    if (to.port !== null) addSum(this.#ports, `${entry.protocol}/${servicePort(from.port, to.port)}`, entry);
  }

  #addHost(
    address: string,
    { bytes, packets, conversations }: ConversationEntry,
    side: 0 | 1,
    part: typeof BEGAN | typeof ANSWERED | null,
  ): void {
    const hosts = this.#hosts;
    const row = hosts.row(address);
    hosts.add(row, SENT_BYTES, bytes[side]);
    hosts.add(row, RECEIVED_BYTES, bytes[1 - side]);
    hosts.add(row, SENT_PACKETS, packets[side]);
    hosts.add(row, RECEIVED_PACKETS, packets[1 - side]);
    if (part !== null) hosts.add(row, part, conversations);
  }

  /** Both directions are one conversation, whoever is seen first: after a restart of the log, that may be the other. */
  #addConversation({ protocol, interface: name, from, to, bytes, packets, conversations }: ConversationEntry): void {
    const table = this.#conversations;
    const swapped = to < from;
    const [first, second] = swapped ? [to, from] : [from, to];
    const side = swapped ? 1 : 0;
    const row = table.row(`${protocol} ${first} ${second} ${name}`);
    if (swapped && table.sum(row, RECORDS) === 0) table.add(row, SECOND_BEGAN, 1);
    table.add(row, SENT_BYTES, bytes[side]);
    table.add(row, RECEIVED_BYTES, bytes[1 - side]);
    table.add(row, SENT_PACKETS, packets[side]);
    table.add(row, RECEIVED_PACKETS, packets[1 - side]);
    table.add(row, RECORDS, conversations);
  }

  sources(limit: number): Ranking<HostRow> {
    return ranking(this.#hosts, limit, [SENT_BYTES], hostRow);
  }

  destinations(limit: number): Ranking<HostRow> {
    return ranking(this.#hosts, limit, [RECEIVED_BYTES], hostRow);
  }

  conversations(limit: number): Ranking<ConversationRow> {
    return ranking(this.#conversations, limit, [SENT_BYTES, RECEIVED_BYTES], conversationRow);
  }

  ports(limit: number): Ranking<PortRow> {
    return ranking(this.#ports, limit, [BYTES], portRow);
  }

  protocols(limit: number): Ranking<NamedRow> {
    return ranking(this.#protocols, limit, [BYTES], namedRow);
  }

  interfaces(limit: number): Ranking<NamedRow> {
    return ranking(this.#interfaces, limit, [BYTES], namedRow);
  }
}

/**
 * The port that the first packet went to; the other one where only that is a system port (the reply came first). Where
 * conversations were summed up (--log-flows), `from` is unknown and `to` the service.
 */
function servicePort(from: number | null, to: number): number {
  return from !== null && from < SYSTEM_PORTS && to >= SYSTEM_PORTS ? from : to;
}

function addSum(table: KeyTable, key: string, { bytes, packets, conversations }: ConversationEntry): void {
  const row = table.row(key);
  table.add(row, BYTES, bytes[0] + bytes[1]);
  table.add(row, PACKETS, packets[0] + packets[1]);
  table.add(row, CONVERSATIONS, conversations);
}

function ranking<Row>(
  table: KeyTable,
  limit: number,
  columns: readonly number[],
  make: (table: KeyTable, row: number) => Row,
): Ranking<Row> {
  const order = table.top(limit, columns);
  const rows = {
    *[Symbol.iterator]() {
      for (const row of order) yield make(table, row);
    },
  };
  const total = table.bound === 0 ? table.rows : null;
  return { rows, shown: order.length, total, mayLack: table.bound };
}

function hostRow(table: KeyTable, row: number): HostRow {
  return {
    address: table.key(row),
    sentBytes: table.sum(row, SENT_BYTES),
    receivedBytes: table.sum(row, RECEIVED_BYTES),
    sentPackets: table.sum(row, SENT_PACKETS),
    receivedPackets: table.sum(row, RECEIVED_PACKETS),
    conversationsFrom: table.sum(row, BEGAN),
    conversationsTo: table.sum(row, ANSWERED),
    mayLack: table.missing(row),
  };
}

function conversationRow(table: KeyTable, row: number): ConversationRow {
  const [protocol, first, second, ...name] = table.key(row).split(' ');
  const swapped = table.sum(row, SECOND_BEGAN) > 0;
  const bytes = [table.sum(row, SENT_BYTES), table.sum(row, RECEIVED_BYTES)];
  const packets = [table.sum(row, SENT_PACKETS), table.sum(row, RECEIVED_PACKETS)];
  const [begins, answers] = swapped ? [1, 0] : [0, 1];
  return {
    protocol,
    interface: name.join(' '),
    from: swapped ? second : first,
    to: swapped ? first : second,
    conversations: table.sum(row, RECORDS),
    packets: packets[0] + packets[1],
    bytes: bytes[0] + bytes[1],
    sentBytes: bytes[begins],
    receivedBytes: bytes[answers],
    sentPackets: packets[begins],
    receivedPackets: packets[answers],
    mayLack: table.missing(row),
  };
}

function namedRow(table: KeyTable, row: number): NamedRow {
  return { name: table.key(row), ...sums(table, row), mayLack: table.missing(row) };
}

function portRow(table: KeyTable, row: number): PortRow {
  const [protocol, digits] = table.key(row).split('/');
  const port = Number(digits);
  return {
    protocol,
    port,
    service: serviceName(port, protocol),
    ...sums(table, row),
    mayLack: table.missing(row),
  };
}

function sums(table: KeyTable, row: number): { conversations: number; packets: number; bytes: number } {
  return {
    conversations: table.sum(row, CONVERSATIONS),
    packets: table.sum(row, PACKETS),
    bytes: table.sum(row, BYTES),
  };
}
