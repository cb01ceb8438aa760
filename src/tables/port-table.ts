/**
 * What each TCP, UDP, SCTP, DCCP and UDP-Lite port carried: a roll-up of the conversation table. It takes the rows that
 * changed and adds their differences, so its cost is that of conversations, never that of ports in use.
 *
 * Every conversation has a server's and a client's port. Which is which is decided by the strongest evidence there is:
 *
 *   syn        TCP: the receiver of a SYN without ACK, the sender of one with ACK
 *   known      one port is below 1024 or configured, the other is not
 *   repeated   one port occurs in more conversations than the other (as a server's port, or where nothing decided)
 *   lower      the lower port; equal ports: that of the receiver of the first packet
 *
 * Stronger evidence that comes later moves the conversation whole, also one of the last that was decided by the lower
 * port when its other port comes again. Limits: active FTP data counts under the client's port (it receives the SYN); a
 * UDP exchange between two ports that are seen once stays a guess. Fragments whose first one is missing, and packets cut
 * off before their ports, count under port 0: the sum over all ports is the traffic of these protocols, exactly.
 *
 *   roles    server | client, for the strict view: only of well-known and configured ports | both: conversations between
 *            equal ports, which stand under both roles
 *   line     64 bytes a port and role, 65,536 lines of one protocol in one array that is made when it is first needed
 *     f64 0..2   to the port: packets, IP bytes, wire bytes        f64 3..5   from the port, without the open window
 *     u32 12     conversations
 *   places   two words a port and role: number of the last window in which it changed, 0: none; its place in that window
 *   window   what the ports that changed in it carried, in the order they came: f64 0..5 as above; the port; its place in
 *            the window before or -1. Only when a window closes its sums go to the lines: a port that changes often costs
 *            the few cache lines of its place. Rates are divided when they are read
 *   marks    Uint32Array, one a row of the conversation table: generation | EVIDENCE << 1 | server's side
 */
import { NETWORK } from '../wire/decoded-batch.ts';
import { IP_PROTOCOL } from '../wire/numbers.ts';
import { firstSide } from './conversation-order.ts';
import {
  type ChangedRows,
  type ConversationTable,
  GENERATION_SHIFT,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_WORD,
  ROW_WORDS,
} from './conversation-table.ts';
import type { TcpTracker } from './tcp-tracker.ts';

/** Protocols with ports. A port's id is its protocol's place here * 65,536 + the port. */
export const PORT_PROTOCOLS: readonly number[] = [
  IP_PROTOCOL.tcp,
  IP_PROTOCOL.udp,
  IP_PROTOCOL.sctp,
  IP_PROTOCOL.dccp,
  IP_PROTOCOL.udplite,
];

const PORTS = 65536;
/** Ports below are well-known: "system ports" of RFC 6335 section 6. */
const WELL_KNOWN = 1024;
const NO_KIND = 255;
/** Place in PORT_PROTOCOLS by IP protocol. */
const KIND_OF = new Uint8Array(256).fill(NO_KIND);
for (const [kind, protocol] of PORT_PROTOCOLS.entries()) KIND_OF[protocol] = kind;

/** Why a port is the server's, the weakest first; 0: the conversation is not counted yet. */
const EVIDENCE = { none: 0, lower: 1, repeated: 2, known: 3, final: 4 } as const;
const GENERATION_MASK = (-1 << GENERATION_SHIFT) >>> 0;
const EVIDENCE_BITS = 7;

const LINE_DOUBLES = 8;
const LINE_WORDS = 16;
const LINE_COUNTERS = 6;
const CONVERSATIONS_WORD = 12;
const PLACE_WORDS = 2;
const NO_PLACE = -1;
const FIRST_LIST = 256;
/** Lines that are loaded ahead: as many as the first caches hold beside what they are counted from. */
const TOUCHED_AHEAD = 128;

/**
 * services: every conversation under its server's port. strict (iptraf-ng): every packet under its source and its
 * destination port, if that port is below 1024 or configured; nothing else. There a packet between equal ports counts
 * once in the total, and both as one to the port and as one from it.
 */
export type PortView = 'services' | 'strict';

/** Which packets of a port. */
export const PART = { to: 0, from: 3, total: 6 } as const;
/** What of them. */
export const QUANTITY = { packets: 0, ipBytes: 1, wireBytes: 2 } as const;

/** A set of ports, as pairs "from port, to port", both included. */
export type PortRanges = readonly (readonly [from: number, to: number])[];

/** Traffic of all ports together. */
export interface PortTotals {
  conversations: number;
  packets: number;
  ipBytes: number;
  wireBytes: number;
  packetsPerSecond: number;
  bytesPerSecond: number;
  wireBytesPerSecond: number;
}

/** What ports carried in one rate window. */
class PortWindow {
  f64 = new Float64Array(FIRST_LIST * LINE_COUNTERS);
  ports = new Int32Array(FIRST_LIST);
  /** Place of the same port in the window before. */
  before = new Int32Array(FIRST_LIST);
  count = 0;
  seconds = 0;

  /** A new place. */
  take(port: number, before: number): number {
    const place = this.count++;
    if (place === this.ports.length) {
      this.f64 = doubled(this.f64);
      this.ports = doubled(this.ports);
      this.before = doubled(this.before);
    }
    // Six stores: Float64Array.fill is a call that costs more than all of them.
    const { f64 } = this;
    const at = place * LINE_COUNTERS;
    f64[at] = 0;
    f64[at + 1] = 0;
    f64[at + 2] = 0;
    f64[at + 3] = 0;
    f64[at + 4] = 0;
    f64[at + 5] = 0;
    this.ports[place] = port;
    this.before[place] = before;
    return place;
  }
}

/** The 65,536 ports of one protocol in one role. */
class PortLines {
  readonly #f64 = new Float64Array(PORTS * LINE_DOUBLES);
  readonly #u32 = new Uint32Array(this.#f64.buffer);
  readonly #places = new Uint32Array(PORTS * PLACE_WORDS);
  /** 1: the port carried something since start or reset. */
  readonly isUsed = new Uint8Array(PORTS);
  #open = new PortWindow();
  #closed = new PortWindow();
  /** Number of the open window; the closed one has the number before. */
  #window = 2;
  /** Sum of touched words: keeps the touch loops from being optimised away. */
  touched = 0;

  /** Adds six differences; those to the port begin at `to` (0 or 3), those from it at the other place. */
  add(port: number, difference: Float64Array, to: number): void {
    const word = port * PLACE_WORDS;
    if (this.#places[word] !== this.#window) this.#list(port, word);
    const { f64 } = this.#open;
    const at = this.#places[word + 1] * LINE_COUNTERS;
    const from = 3 - to;
    f64[at] += difference[to];
    f64[at + 1] += difference[to + 1];
    f64[at + 2] += difference[to + 2];
    f64[at + 3] += difference[from];
    f64[at + 4] += difference[from + 1];
    f64[at + 5] += difference[from + 2];
  }

  /** The same for what was carried before: it becomes or ceases to be part of the port's past, not of its rate. */
  shift(port: number, amounts: Float64Array, to: number, sign: 1 | -1): void {
    this.isUsed[port] = 1;
    const at = port * LINE_DOUBLES;
    for (let k = 0; k < LINE_COUNTERS; k++) this.#f64[at + k] += sign * amounts[(k + to) % LINE_COUNTERS];
  }

  /** Forgets what a port carried, but not its conversations. */
  clear(port: number): void {
    this.#f64.fill(0, port * LINE_DOUBLES, port * LINE_DOUBLES + LINE_COUNTERS);
    const place = this.#openPlace(port);
    if (place !== NO_PLACE) this.#open.f64.fill(0, place * LINE_COUNTERS, (place + 1) * LINE_COUNTERS);
  }

  /** PART and QUANTITY since start or reset. */
  counter(port: number, part: number, quantity: number): number {
    const place = this.#openPlace(port);
    const past = partOf(this.#f64, port * LINE_DOUBLES, part, quantity);
    return place === NO_PLACE ? past : past + partOf(this.#open.f64, place * LINE_COUNTERS, part, quantity);
  }

  /** The same a second, over the last closed window. */
  rate(port: number, part: number, quantity: number): number {
    const { f64, seconds } = this.#closed;
    const place = this.#closedPlace(port);
    if (place === NO_PLACE || seconds <= 0) return 0;
    // Fragments that moved away in that window may leave less than there was: no rate is below zero.
    return Math.max(0, partOf(f64, place * LINE_COUNTERS, part, quantity)) / seconds;
  }

  conversations(port: number): number {
    return this.#u32[port * LINE_WORDS + CONVERSATIONS_WORD];
  }

  countConversation(port: number, by: 1 | -1): void {
    this.#u32[port * LINE_WORDS + CONVERSATIONS_WORD] += by;
  }

  /** Loads what adding to these ports needs, if they changed in this window already: see PortTable. */
  touch(ports: Uint16Array, count: number): void {
    const places = this.#places;
    const { f64 } = this.#open;
    const last = f64.length - 1;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += places[ports[k] * PLACE_WORDS];
    for (let k = 0; k < count; k++) {
      sum += f64[Math.min(places[ports[k] * PLACE_WORDS + 1] * LINE_COUNTERS, last)];
    }
    this.touched = sum;
  }

  /** Ends the rate window. Looks only at ports that changed in it. */
  closeWindow(seconds: number): void {
    const closing = this.#open;
    for (let begin = 0; begin < closing.count; begin += TOUCHED_AHEAD) {
      const end = Math.min(begin + TOUCHED_AHEAD, closing.count);
      this.#touchLines(closing, begin, end);
      for (let place = begin; place < end; place++) this.#fold(closing, place);
    }
    closing.seconds = seconds;
    this.#open = this.#closed;
    this.#open.count = 0;
    this.#closed = closing;
    this.#window++;
  }

  #touchLines({ ports }: PortWindow, begin: number, end: number): void {
    let sum = 0;
    for (let place = begin; place < end; place++) {
      const at = ports[place] * LINE_DOUBLES;
      // Both ends of the counters: the memory need not begin where a cache line does.
      sum += this.#f64[at] + this.#f64[at + LINE_COUNTERS - 1];
    }
    this.touched = sum;
  }

  #fold({ f64: window, ports }: PortWindow, place: number): void {
    const f64 = this.#f64;
    const at = ports[place] * LINE_DOUBLES;
    const from = place * LINE_COUNTERS;
    f64[at] += window[from];
    f64[at + 1] += window[from + 1];
    f64[at + 2] += window[from + 2];
    f64[at + 3] += window[from + 3];
    f64[at + 4] += window[from + 4];
    f64[at + 5] += window[from + 5];
  }

  #openPlace(port: number): number {
    const word = port * PLACE_WORDS;
    return this.#places[word] === this.#window ? this.#places[word + 1] : NO_PLACE;
  }

  #closedPlace(port: number): number {
    const word = port * PLACE_WORDS;
    const place = this.#places[word + 1];
    if (this.#places[word] === this.#window) return this.#open.before[place];
    return this.#places[word] === this.#window - 1 ? place : NO_PLACE;
  }

  /** Gives a port its place in the open window. `word`: where `places` has it. */
  #list(port: number, word: number): void {
    const before = this.#closedPlace(port);
    if (this.#places[word] === 0) this.isUsed[port] = 1;
    this.#places[word] = this.#window;
    this.#places[word + 1] = this.#open.take(port, before);
  }
}

/** PART and QUANTITY of the six counters at `at`. */
function partOf(counters: Float64Array, at: number, part: number, quantity: number): number {
  const first = at + quantity;
  return part === PART.total ? counters[first] + counters[first + PART.from] : counters[first + part];
}

function doubled<Column extends Int32Array | Float64Array>(column: Column): Column {
  const grown = new (column.constructor as new (length: number) => Column)(column.length * 2);
  grown.set(column);
  return grown;
}

/** The roles of one protocol's ports. */
class Roles {
  readonly server = new PortLines();
  readonly client = new PortLines();
  /** Made for the first conversation between equal ports. */
  both: PortLines | null = null;
  /** Of each port as a client's: conversations that were decided by the lower port, and the row of the last one + 1. */
  readonly undecided = new Uint32Array(PORTS);
  readonly lowerRow = new Uint32Array(PORTS);
}

export class PortTable {
  readonly #conversations: ConversationTable;
  readonly #tcp: Pick<TcpTracker, 'serverSide'>;
  readonly #marks: Uint32Array;
  readonly #roles: (Roles | null)[] = PORT_PROTOCOLS.map(() => null);
  readonly #touchedPorts = new Uint16Array(TOUCHED_AHEAD);
  /** 1: well-known or configured. */
  readonly #isKnown = new Uint8Array(PORTS).fill(1, 0, WELL_KNOWN);
  /** 1: also what the port carried as a client's is counted: the same ports, but while they change. */
  readonly #isStrict = this.#isKnown.slice();
  #ranges: PortRanges = [];
  /** Sums over all ports: packets, IP bytes, wire bytes; the same when the window began; their rates. */
  readonly #total = new Float64Array(3);
  readonly #totalBefore = new Float64Array(3);
  readonly #totalRates = new Float64Array(3);
  #conversationCount = 0;
  /** Differences of the row at hand: to the server, from the server. */
  readonly #difference = new Float64Array(LINE_COUNTERS);
  readonly #nothing = new Float64Array(LINE_COUNTERS);
  /** Rows that were decided by the lower port and whose other port came again. */
  readonly #doubtful: number[] = [];
  /** TCP rows whose packets the tracker has not followed yet. */
  readonly #untracked: number[] = [];
  /** Sum of touched words: keeps the touch loop from being optimised away. */
  touched = 0;

  constructor(conversations: ConversationTable, tcp: Pick<TcpTracker, 'serverSide'>) {
    this.#conversations = conversations;
    this.#tcp = tcp;
    this.#marks = new Uint32Array(conversations.maximumRows);
  }

  /** Adds what changed: from ConversationTable.closeWindow and its onOverflow. */
  add({ count, rows, before }: ChangedRows): void {
    for (let begin = 0; begin < count; begin += TOUCHED_AHEAD) {
      const end = Math.min(begin + TOUCHED_AHEAD, count);
      this.#touch(rows, begin, end);
      for (let k = begin; k < end; k++) this.#addRow(rows[k], before, k * LINE_COUNTERS);
    }
    // Only now is what the table holds what was counted here, for every row.
    for (const row of this.#doubtful) this.#decideAgain(row, false);
    this.#doubtful.length = 0;
  }

  /** After a batch: decides by SYN what was handed out before the tracker had seen it. */
  settle(): void {
    if (this.#untracked.length === 0) return;
    this.#conversations.handOut();
    for (const row of this.#untracked) this.#decideAgain(row, false);
    this.#untracked.length = 0;
  }

  /** Ends the rate window of `seconds`; all its changed rows were added. */
  closeWindow(seconds: number): void {
    for (const roles of this.#roles) {
      roles?.server.closeWindow(seconds);
      roles?.client.closeWindow(seconds);
      roles?.both?.closeWindow(seconds);
    }
    const perSecond = seconds > 0 ? 1 / seconds : 0;
    for (let k = 0; k < this.#total.length; k++) {
      this.#totalRates[k] = Math.max(0, (this.#total[k] - this.#totalBefore[k]) * perSecond);
    }
    this.#totalBefore.set(this.#total);
  }

  /**
   * Ports that are services beside the well-known ones. The conversations that there are are decided anew, and count in
   * the strict view under what is configured now; what conversations that are gone carried stays where it is.
   */
  setServicePorts(ranges: PortRanges): void {
    if (sameRanges(ranges, this.#ranges)) return;
    this.#ranges = ranges.map(([from, to]) => [from, to] as const);
    this.#conversations.handOut();
    this.#isKnown.fill(0, WELL_KNOWN);
    for (const [from, to] of ranges) this.#isKnown.fill(1, Math.max(0, from), Math.min(PORTS, to + 1));
    for (let port = WELL_KNOWN; port < PORTS; port++) if (this.#isKnown[port] === 0) this.#forgetClient(port);
    const { highWater } = this.#conversations;
    for (let row = 0; row < highWater; row++) this.#decideAgain(row, true);
    for (let row = 0; row < highWater; row++) this.#addClient(row);
    this.#isStrict.set(this.#isKnown);
  }

  reset(): void {
    this.#roles.fill(null);
    this.#marks.fill(0, 0, this.#conversations.highWater);
    this.#total.fill(0);
    this.#totalBefore.fill(0);
    this.#totalRates.fill(0);
    this.#conversationCount = 0;
    this.#doubtful.length = 0;
    this.#untracked.length = 0;
  }

  // --- readers ----------------------------------------------------------------------------------------------------

  /** Calls with the id of every port of the view that carried something, in the order of ids. */
  forEach(view: PortView, visit: (id: number) => void): void {
    const isStrict = view === 'strict';
    for (const [kind, roles] of this.#roles.entries()) {
      if (roles === null) continue;
      const { server, client } = roles;
      for (let port = 0; port < PORTS; port++) {
        if (isStrict ? this.#isKnown[port] === 0 : server.isUsed[port] === 0) continue;
        if (isStrict && server.isUsed[port] === 0 && client.isUsed[port] === 0) continue;
        const id = kind * PORTS + port;
        // A port whose conversations have all moved away is none.
        if (this.counter(view, id, PART.total, QUANTITY.packets) !== 0) visit(id);
      }
    }
  }

  /** PART and QUANTITY of a port since start or reset. */
  counter(view: PortView, id: number, part: number, quantity: number): number {
    const roles = this.#roles[id >>> 16];
    if (roles === null) return 0;
    const port = id & 0xffff;
    const served = roles.server.counter(port, part, quantity);
    if (view === 'services') return served;
    const counted = served + roles.client.counter(port, part, quantity);
    return part === PART.total ? counted - (roles.both?.counter(port, part, quantity) ?? 0) : counted;
  }

  /** The same a second, over the last closed window. */
  rate(view: PortView, id: number, part: number, quantity: number): number {
    const roles = this.#roles[id >>> 16];
    if (roles === null) return 0;
    const port = id & 0xffff;
    const served = roles.server.rate(port, part, quantity);
    if (view === 'services') return served;
    const rated = served + roles.client.rate(port, part, quantity);
    return part === PART.total ? Math.max(0, rated - (roles.both?.rate(port, part, quantity) ?? 0)) : rated;
  }

  /** Conversations of a port since start or reset; a connection that begins anew is another one. */
  conversations(view: PortView, id: number): number {
    const roles = this.#roles[id >>> 16];
    if (roles === null) return 0;
    const port = id & 0xffff;
    const served = roles.server.conversations(port);
    if (view === 'services') return served;
    return served + roles.client.conversations(port) - (roles.both?.conversations(port) ?? 0);
  }

  /** All traffic of protocols with ports, in either view. */
  totals(): PortTotals {
    const [packets, ipBytes, wireBytes] = this.#total;
    const [packetsPerSecond, bytesPerSecond, wireBytesPerSecond] = this.#totalRates;
    const conversations = this.#conversationCount;
    return { conversations, packets, ipBytes, wireBytes, packetsPerSecond, bytesPerSecond, wireBytesPerSecond };
  }

  /** The strict view has the port no more. */
  #forgetClient(port: number): void {
    if (this.#isStrict[port] === 0) return;
    this.#isStrict[port] = 0;
    for (const roles of this.#roles) {
      roles?.client.clear(port);
      roles?.both?.clear(port);
    }
  }

  /** What a row carried so far, where its client's port has just become part of the strict view. */
  #addClient(row: number): void {
    const mark = this.#marks[row];
    if (!this.#isCounted(row, mark)) return;
    const roles = this.#roles[this.#kindOf(row)];
    const server = this.#portOf(row, mark & 1);
    const client = this.#portOf(row, 1 - (mark & 1));
    if (roles === null || this.#isKnown[client] === this.#isStrict[client]) return;
    this.#loadDifference(row, mark & 1, this.#nothing, 0);
    roles.client.shift(client, this.#difference, 3, 1);
    if (server === client) roles.both?.shift(client, this.#difference, 0, 1);
  }

  // --- rows -------------------------------------------------------------------------------------------------------

  #addRow(row: number, before: Float64Array, from: number): void {
    const { u32, f64 } = this.#conversations;
    const at = row * ROW_WORDS;
    const place = u32[at + ROW_WORD.place];
    const kind = KIND_OF[(place >>> 16) & 0xff];
    if (kind === NO_KIND || place >>> 24 === NETWORK.other) return;
    let mark = this.#marks[row];
    if (!this.#isCounted(row, mark)) {
      mark = this.#begin(row, kind);
      this.#loadDifference(row, mark & 1, this.#nothing, 0);
    } else {
      if (mayChange(mark, kind) && this.#hasNews(row, kind, mark)) {
        mark = this.#reconsider(row, kind, mark, before, from, false);
      }
      this.#loadDifference(row, mark & 1, before, from);
    }
    this.#addDifference(row, kind, mark & 1);
    const packets = row * ROW_DOUBLES + ROW_DOUBLE.packets;
    if (f64[packets] + f64[packets + 1] === 0) this.#forget(row, kind, mark);
  }

  /**
   * Loads what the rows need before any of it is used, so that the processor waits for many of them at once: first their
   * marks, then the places of the ports that the marks name. Locals, no calls: these loops run for every changed row.
   */
  #touch(rows: Uint32Array, begin: number, end: number): void {
    const { u32 } = this.#conversations;
    const marks = this.#marks;
    const servers = this.#touchedPorts;
    let sum = 0;
    for (let k = begin; k < end; k++) sum ^= marks[rows[k]];
    for (let k = begin; k < end; k++) {
      const ports = u32[rows[k] * ROW_WORDS + ROW_WORD.ports];
      servers[k - begin] = (marks[rows[k]] & 1) === 0 ? ports >>> 16 : ports & 0xffff;
    }
    // Neighbours are mostly of one protocol; where they are not, what was loaded in vain does no harm.
    const kind = KIND_OF[(u32[rows[begin] * ROW_WORDS + ROW_WORD.place] >>> 16) & 0xff];
    if (kind !== NO_KIND) this.#roles[kind]?.server.touch(servers, end - begin);
    this.touched = sum;
  }

  /** Counts a conversation that was not counted before; returns its mark. */
  #begin(row: number, kind: number): number {
    const { u32 } = this.#conversations;
    this.#roles[kind] ??= new Roles();
    const at = row * ROW_WORDS;
    const decision = this.#decide(row, kind);
    const mark = ((u32[at + ROW_WORD.flags] & GENERATION_MASK) | decision) >>> 0;
    this.#marks[row] = mark;
    this.#countConversation(row, kind, mark, 1);
    this.#conversationCount++;
    this.#doubt(row, kind, mark);
    const isTracked = kind !== KIND_OF[IP_PROTOCOL.tcp] || u32[at + ROW_WORD.extra] !== 0;
    if (!isTracked && evidenceOf(mark) < EVIDENCE.final) this.#untracked.push(row);
    return mark;
  }

  /** The conversation has vanished: its packets were fragments that belong to another. */
  #forget(row: number, kind: number, mark: number): void {
    this.#countConversation(row, kind, mark, -1);
    this.#conversationCount--;
    this.#marks[row] = 0;
  }

  /** The server's side and the evidence for it, as in a mark. */
  #decide(row: number, kind: number): number {
    const { u32 } = this.#conversations;
    const ports = u32[row * ROW_WORDS + ROW_WORD.ports];
    const port0 = ports >>> 16;
    const port1 = ports & 0xffff;
    if (PORT_PROTOCOLS[kind] === IP_PROTOCOL.tcp) {
      const side = this.#tcp.serverSide(row);
      if (side >= 0) return (EVIDENCE.final << 1) | side;
    }
    if (port0 === port1) return (EVIDENCE.final << 1) | (1 - firstSide(this.#conversations, row));
    const known1 = this.#isKnown[port1];
    if (this.#isKnown[port0] !== known1) return (EVIDENCE.known << 1) | known1;
    const times0 = this.#occurrences(kind, port0);
    const times1 = this.#occurrences(kind, port1);
    if (times0 !== times1) return (EVIDENCE.repeated << 1) | (times1 > times0 ? 1 : 0);
    return (EVIDENCE.lower << 1) | (port1 < port0 ? 1 : 0);
  }

  /** Whether deciding again could say something else: a SYN was seen meanwhile, or one of two ports came again. */
  #hasNews(row: number, kind: number, mark: number): boolean {
    if (PORT_PROTOCOLS[kind] === IP_PROTOCOL.tcp && this.#tcp.serverSide(row) >= 0) return true;
    if (evidenceOf(mark) !== EVIDENCE.lower) return false;
    // The conversation itself speaks once for each of its ports.
    return this.#occurrences(kind, this.#portOf(row, 0)) !== this.#occurrences(kind, this.#portOf(row, 1));
  }

  /** Conversations that speak for a port: where it is the server's, and where the lower port was taken in its place. */
  #occurrences(kind: number, port: number): number {
    const roles = this.#roles[kind];
    if (roles === null) return 0;
    return roles.server.conversations(port) + roles.undecided[port];
  }

  /** A new conversation speaks for its ports: those that were decided against them are looked at again. */
  #doubt(row: number, kind: number, mark: number): void {
    const roles = this.#roles[kind];
    if (roles === null) return;
    const { lowerRow } = roles;
    const server = this.#portOf(row, mark & 1);
    if (lowerRow[server] !== 0) this.#doubtful.push(lowerRow[server] - 1);
    if (evidenceOf(mark) !== EVIDENCE.lower) return;
    const client = this.#portOf(row, 1 - (mark & 1));
    if (lowerRow[client] !== 0) this.#doubtful.push(lowerRow[client] - 1);
    lowerRow[client] = row + 1;
  }

  /** Decides a row again whose counters, as the table has them, are all counted here. */
  #decideAgain(row: number, anew: boolean): void {
    const mark = this.#marks[row];
    if (!this.#isCounted(row, mark)) return;
    const { f64 } = this.#conversations;
    this.#reconsider(row, this.#kindOf(row), mark, f64, row * ROW_DOUBLES + ROW_DOUBLE.packets, anew);
  }

  /** The mark is that of the conversation that the row holds now. */
  #isCounted(row: number, mark: number): boolean {
    const flags = this.#conversations.u32[row * ROW_WORDS + ROW_WORD.flags];
    return ((mark ^ flags) & GENERATION_MASK) === 0 && evidenceOf(mark) !== EVIDENCE.none;
  }

  #kindOf(row: number): number {
    return KIND_OF[(this.#conversations.u32[row * ROW_WORDS + ROW_WORD.place] >>> 16) & 0xff];
  }

  /**
   * Takes stronger evidence into account, or (`anew`) whatever holds now. What was counted of the row so far stands in
   * `counted` from `from` on. Returns its mark.
   */
  #reconsider(row: number, kind: number, mark: number, counted: Float64Array, from: number, anew: boolean): number {
    const evidence = evidenceOf(mark);
    if (evidence === EVIDENCE.final) return mark;
    // A conversation does not speak for its own port.
    this.#countConversation(row, kind, mark, -1);
    const decision = this.#decide(row, kind);
    const isTaken = anew || evidenceOf(decision) > evidence;
    const decided = isTaken ? ((mark & GENERATION_MASK) | decision) >>> 0 : mark;
    this.#countConversation(row, kind, decided, 1);
    this.#marks[row] = decided;
    if (((mark ^ decided) & 1) !== 0) this.#move(row, kind, mark & 1, counted, from);
    return decided;
  }

  /** Moves what was counted under the port of side `server` to that of the other side. */
  #move(row: number, kind: number, server: number, counted: Float64Array, from: number): void {
    const roles = this.#roles[kind];
    if (roles === null) return;
    const amounts = this.#difference;
    const client = 1 - server;
    for (let k = 0; k < 3; k++) {
      amounts[k] = counted[from + 2 * k + client];
      amounts[k + 3] = counted[from + 2 * k + server];
    }
    const oldPort = this.#portOf(row, server);
    const newPort = this.#portOf(row, client);
    roles.server.shift(oldPort, amounts, 0, -1);
    roles.server.shift(newPort, amounts, 3, 1);
    if (this.#isStrict[newPort] === 1) roles.client.shift(newPort, amounts, 3, -1);
    if (this.#isStrict[oldPort] === 1) roles.client.shift(oldPort, amounts, 0, 1);
  }

  #countConversation(row: number, kind: number, mark: number, by: 1 | -1): void {
    const roles = this.#roles[kind];
    if (roles === null) return;
    const server = this.#portOf(row, mark & 1);
    const client = this.#portOf(row, 1 - (mark & 1));
    roles.server.countConversation(server, by);
    roles.client.countConversation(client, by);
    if (evidenceOf(mark) === EVIDENCE.lower) roles.undecided[client] += by;
    if (server !== client) return;
    roles.both ??= new PortLines();
    roles.both.countConversation(server, by);
  }

  /** What a row carried beyond `before` (from `from` on), seen from the server's side. */
  #loadDifference(row: number, server: number, before: Float64Array, from: number): void {
    const { f64 } = this.#conversations;
    const at = row * ROW_DOUBLES + ROW_DOUBLE.packets;
    const client = 1 - server;
    const difference = this.#difference;
    difference[0] = f64[at + client] - before[from + client];
    difference[1] = f64[at + 2 + client] - before[from + 2 + client];
    difference[2] = f64[at + 4 + client] - before[from + 4 + client];
    difference[3] = f64[at + server] - before[from + server];
    difference[4] = f64[at + 2 + server] - before[from + 2 + server];
    difference[5] = f64[at + 4 + server] - before[from + 4 + server];
  }

  #addDifference(row: number, kind: number, serverSide: number): void {
    const roles = this.#roles[kind];
    if (roles === null) return;
    const difference = this.#difference;
    const server = this.#portOf(row, serverSide);
    const client = this.#portOf(row, 1 - serverSide);
    roles.server.add(server, difference, 0);
    if (this.#isStrict[client] === 1) {
      roles.client.add(client, difference, 3);
      if (server === client) roles.both?.add(server, difference, 0);
    }
    this.#total[0] += difference[0] + difference[3];
    this.#total[1] += difference[1] + difference[4];
    this.#total[2] += difference[2] + difference[5];
  }

  #portOf(row: number, side: number): number {
    const ports = this.#conversations.u32[row * ROW_WORDS + ROW_WORD.ports];
    return side === 0 ? ports >>> 16 : ports & 0xffff;
  }
}

function evidenceOf(mark: number): number {
  return (mark >>> 1) & EVIDENCE_BITS;
}

/** Evidence that is stronger may still come: a SYN for TCP, another conversation for what was a guess. */
function mayChange(mark: number, kind: number): boolean {
  const evidence = evidenceOf(mark);
  if (evidence === EVIDENCE.lower) return true;
  return evidence !== EVIDENCE.final && PORT_PROTOCOLS[kind] === IP_PROTOCOL.tcp;
}

function sameRanges(a: PortRanges, b: PortRanges): boolean {
  return a === b || (a.length === b.length && a.every(([from, to], k) => from === b[k][0] && to === b[k][1]));
}
