/**
 * Fragments belong to the conversation of their datagram: the first one has the ports, the others learn them here.
 * Bounded (4096 datagrams, four to a set, the oldest of a full set gives way) and expiring after 30 s of packet time.
 *
 * In whatever order they come: a later fragment seen before the first is accounted without ports; its datagram remembers
 * what that was, and when the first fragment comes it is moved to the right row. Totals are whole all the time.
 *
 *   entry u32  0..3 source | 4..7 destination | 8 identification | 9 place (IPv6: without protocol) | 10 interface slot
 *              11 ports | 12 KNOWN bit and IP protocol | 13 serial number | 14 direction of what waits
 *         f64  0 time | what waits for the ports: 1 row id, 2 packets, 3 IP bytes, 4 wire bytes
 */

import { type DecodedBatch, FRAGMENT, KEY_WORDS, NETWORK, NO_ROW } from '../wire/decoded-batch.ts';
import { extensionHeaderLength, isExtensionHeader } from '../wire/ipv6.ts';
import { finishHash, hashCommonWords, keyPlace, setPorts } from '../wire/key.ts';
import { hasPorts, IP_PROTOCOL } from '../wire/numbers.ts';
import { BATCH_CAPACITY } from '../wire/packet-batch.ts';
import type { ConversationTable } from './conversation-table.ts';

/** A datagram whose first-seen fragment is older than this is over (RFC 8200: 60 s, Linux: 30 s). */
export const FRAGMENT_SECONDS = 30;

const WAYS = 4;
const SETS = 1024;
const ENTRY_WORDS = 16;
const WORD = { identification: 8, place: 9, slot: 10, ports: 11, known: 12, serial: 13, direction: 14 } as const;
const ENTRY_DOUBLES = 5;
const DOUBLE = { time: 0, row: 1, packets: 2, ipBytes: 3, wireBytes: 4 } as const;
const KNOWN = 0x100;
const NO_IDENTIFICATION = -1;
const NO_FIRST = 0xffff;
const IPV6_HEADER_BYTES = 40;
const MAX_EXTENSION_HEADERS = 16;

export class FragmentTable {
  readonly #u32 = new Uint32Array(SETS * WAYS * ENTRY_WORDS);
  readonly #f64 = new Float64Array(SETS * WAYS * ENTRY_DOUBLES);
  #serial = 0;
  /** Later fragments of this batch that came before their first, and their entries; first fragments likewise. */
  readonly #waiting = new PacketList();
  readonly #firsts = new PacketList();
  /** The key of the fragment at hand: words 0 to 10 of an entry. */
  readonly #key = new Uint32Array(KEY_WORDS);

  /** Between decoding and filtering: gives later fragments the ports of a first one that came before them. */
  resolve(batch: DecodedBatch): void {
    this.#waiting.count = 0;
    this.#firsts.count = 0;
    if (!batch.hasFragments) return;
    const { fragment, count } = batch;
    for (let i = 0; i < count; i++) {
      if (fragment[i] !== FRAGMENT.none) this.#resolvePacket(batch, i);
    }
  }

  /**
   * Between filtering and accounting: gives ports also to fragments of this batch that came before their first. A filter
   * does not see these, since whether both come in one batch is chance.
   */
  resolveEarlier(batch: DecodedBatch): void {
    const waiting = this.#waiting;
    let kept = 0;
    for (let k = 0; k < waiting.count; k++) {
      const first = waiting.first[k];
      if (first === NO_FIRST) waiting.copy(k, kept++);
      else teach(batch, waiting.packet[k], portsOf(batch, first), batch.ipProtocol[first]);
    }
    waiting.count = kept;
  }

  /** After accounting: remembers what went to rows without ports, and moves it when the ports came. */
  settle(batch: DecodedBatch, table: ConversationTable): void {
    const waiting = this.#waiting;
    for (let k = 0; k < waiting.count; k++) {
      if (this.#isCurrent(waiting, k)) this.#remember(batch, waiting.packet[k], waiting.entry[k], table);
    }
    const firsts = this.#firsts;
    for (let k = 0; k < firsts.count; k++) {
      if (this.#isCurrent(firsts, k)) this.#move(batch, firsts.packet[k], firsts.entry[k], table);
    }
  }

  reset(): void {
    this.#u32.fill(0);
    this.#f64.fill(0);
  }

  #resolvePacket(batch: DecodedBatch, i: number): void {
    const identification = readIdentification(batch, i);
    if (identification === NO_IDENTIFICATION) return;
    this.#writeKey(batch, i, identification);
    const entry = this.#entryOf(batch, i);
    if (batch.fragment[i] === FRAGMENT.first) this.#learn(batch, i, entry);
    else this.#teachOrWait(batch, i, entry);
  }

  #teachOrWait(batch: DecodedBatch, i: number, entry: number): void {
    const at = entry * ENTRY_WORDS;
    const known = this.#u32[at + WORD.known];
    if ((known & KNOWN) !== 0) teach(batch, i, this.#u32[at + WORD.ports], known & 0xff);
    else this.#waiting.add(i, entry, this.#serialOf(entry));
  }

  /** A first fragment: its datagram has ports now. Those that wait for it note it: its entry may be taken before they ask. */
  #learn(batch: DecodedBatch, i: number, entry: number): void {
    const protocol = batch.ipProtocol[i];
    // Cut off before the ports: as if it had not come.
    const start = batch.transportOffset[i];
    if (hasPorts(protocol) && (start < 0 || start + 4 > batch.packetEnd[i])) return;
    const at = entry * ENTRY_WORDS;
    this.#u32[at + WORD.ports] = portsOf(batch, i);
    this.#u32[at + WORD.known] = KNOWN | protocol;
    this.#firsts.add(i, entry, this.#serialOf(entry));
    const waiting = this.#waiting;
    for (let k = 0; k < waiting.count; k++) {
      if (waiting.entry[k] === entry && this.#isCurrent(waiting, k)) waiting.first[k] = i;
    }
  }

  #remember(batch: DecodedBatch, i: number, entry: number, table: ConversationTable): void {
    if (batch.row[i] === NO_ROW) return;
    const f64 = this.#f64;
    const at = entry * ENTRY_DOUBLES;
    const id = table.idOf(batch.row[i]);
    if (f64[at + DOUBLE.packets] === 0 || f64[at + DOUBLE.row] !== id) {
      f64.fill(0, at + DOUBLE.row, at + ENTRY_DOUBLES);
      f64[at + DOUBLE.row] = id;
      this.#u32[entry * ENTRY_WORDS + WORD.direction] = batch.direction[i];
    }
    f64[at + DOUBLE.packets] += batch.segments[i];
    f64[at + DOUBLE.ipBytes] += batch.ipBytes[i];
    f64[at + DOUBLE.wireBytes] += batch.wireBytes[i];
  }

  #move(batch: DecodedBatch, i: number, entry: number, table: ConversationTable): void {
    const f64 = this.#f64;
    const at = entry * ENTRY_DOUBLES;
    const packets = f64[at + DOUBLE.packets];
    const to = batch.row[i];
    if (packets === 0 || to === NO_ROW) return;
    const from = table.rowOf(f64[at + DOUBLE.row]);
    f64[at + DOUBLE.packets] = 0;
    if (from < 0 || from === to) return;
    const direction = this.#u32[entry * ENTRY_WORDS + WORD.direction];
    const moved = { packets, ipBytes: f64[at + DOUBLE.ipBytes], wireBytes: f64[at + DOUBLE.wireBytes] };
    table.moveCounters(from, direction, to, batch.direction[i], moved);
  }

  /** Addresses as sent, identification, place, interface. RFC 8200 section 4.5 leaves the protocol out of the key. */
  #writeKey(batch: DecodedBatch, i: number, identification: number): void {
    const key = this.#key;
    const at = i * KEY_WORDS;
    const source = at + batch.direction[i] * 4;
    const destination = at + (1 - batch.direction[i]) * 4;
    for (let k = 0; k < 4; k++) {
      key[k] = batch.key[source + k];
      key[4 + k] = batch.key[destination + k];
    }
    const protocol = batch.network[i] === NETWORK.ipv6 ? 0 : batch.ipProtocol[i];
    key[WORD.identification] = identification;
    key[WORD.place] = keyPlace(batch.network[i], protocol, batch.vlan[i]);
    key[WORD.slot] = batch.key[at + 10];
  }

  /** The entry of the key at hand: the one there is, or a new one in place of the oldest of its set. */
  #entryOf(batch: DecodedBatch, i: number): number {
    const key = this.#key;
    const time = batch.time[i];
    const place = key[WORD.place];
    const sum = hashCommonWords(batch.hashSecret, key[3], key[7], key[WORD.identification], place, key[WORD.slot]);
    const first = (finishHash(sum) & (SETS - 1)) * WAYS;
    let oldest = first;
    for (let entry = first; entry < first + WAYS; entry++) {
      if (this.#matches(entry) && Math.abs(time - this.#timeOf(entry)) <= FRAGMENT_SECONDS) return entry;
      if (this.#timeOf(entry) < this.#timeOf(oldest)) oldest = entry;
    }
    this.#u32.fill(0, oldest * ENTRY_WORDS, (oldest + 1) * ENTRY_WORDS);
    this.#u32.set(key, oldest * ENTRY_WORDS);
    this.#u32[oldest * ENTRY_WORDS + WORD.serial] = ++this.#serial;
    this.#f64.fill(0, oldest * ENTRY_DOUBLES, (oldest + 1) * ENTRY_DOUBLES);
    this.#f64[oldest * ENTRY_DOUBLES + DOUBLE.time] = time;
    return oldest;
  }

  #matches(entry: number): boolean {
    const at = entry * ENTRY_WORDS;
    if (this.#u32[at + WORD.serial] === 0) return false;
    for (let k = 0; k < KEY_WORDS; k++) if (this.#u32[at + k] !== this.#key[k]) return false;
    return true;
  }

  #timeOf(entry: number): number {
    return this.#f64[entry * ENTRY_DOUBLES + DOUBLE.time];
  }

  #serialOf(entry: number): number {
    return this.#u32[entry * ENTRY_WORDS + WORD.serial];
  }

  /** False when another datagram has taken the entry since. */
  #isCurrent(list: PacketList, k: number): boolean {
    return this.#serialOf(list.entry[k]) === list.serial[k];
  }
}

function portsOf(batch: DecodedBatch, i: number): number {
  return (batch.sourcePort[i] << 16) | batch.destinationPort[i];
}

/** Gives a later fragment the ports and the protocol of its datagram. */
function teach(batch: DecodedBatch, i: number, ports: number, protocol: number): void {
  batch.ipProtocol[i] = protocol;
  batch.key[i * KEY_WORDS + 9] = keyPlace(batch.network[i], protocol, batch.vlan[i]);
  setPorts(batch, i, ports >>> 16, ports & 0xffff);
}

/** Packets of a batch and their entries. */
class PacketList {
  readonly packet = new Uint16Array(BATCH_CAPACITY);
  readonly entry = new Uint16Array(BATCH_CAPACITY);
  readonly serial = new Uint32Array(BATCH_CAPACITY);
  /** The first fragment of the same datagram, where it came later in this batch, or NO_FIRST. */
  readonly first = new Uint16Array(BATCH_CAPACITY);
  count = 0;

  add(packet: number, entry: number, serial: number): void {
    this.packet[this.count] = packet;
    this.entry[this.count] = entry;
    this.first[this.count] = NO_FIRST;
    this.serial[this.count++] = serial;
  }

  copy(from: number, to: number): void {
    this.packet[to] = this.packet[from];
    this.entry[to] = this.entry[from];
    this.serial[to] = this.serial[from];
    this.first[to] = this.first[from];
  }
}

/** IPv4: the header's field; IPv6: that of the fragment header. NO_IDENTIFICATION where it was not captured. */
function readIdentification(batch: DecodedBatch, i: number): number {
  const { view, bytes } = batch.packets;
  const start = batch.networkOffset[i];
  const end = batch.packetEnd[i];
  if (start < 0) return NO_IDENTIFICATION;
  if (batch.network[i] === NETWORK.ipv4) return start + 6 <= end ? view.getUint16(start + 4) : NO_IDENTIFICATION;
  if (start + IPV6_HEADER_BYTES > end) return NO_IDENTIFICATION;
  let next = bytes[start + 6];
  let at = start + IPV6_HEADER_BYTES;
  for (let n = 0; n < MAX_EXTENSION_HEADERS && isExtensionHeader(next) && at + 8 <= end; n++) {
    if (next === IP_PROTOCOL.fragment) return view.getUint32(at + 4);
    const length = extensionHeaderLength(bytes, at, next);
    next = bytes[at];
    at += length;
  }
  return NO_IDENTIFICATION;
}
