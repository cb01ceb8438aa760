/**
 * ClientHellos in Initial packets of QUIC: in several CRYPTO frames, packets and datagrams, in whatever order they come.
 *
 * To open a packet costs tens of microseconds, so that there are at most so many a second; and of a conversation whose
 * name is known, or whose packets cannot be opened (those of its server), no more are opened for a few seconds.
 */
import type { DecodedBatch } from '../wire/decoded-batch.ts';
import type { HostName } from '../wire/host-name.ts';
import {
  cryptoPieces,
  type InitialKeys,
  initialKeys,
  LEAST_CLIENT_ID,
  LongHeader,
  openInitial,
} from '../wire/quic-initial.ts';
import { HELLO, type HelloReader } from '../wire/tls-hello.ts';
import { Budget } from './budget.ts';
import type { Handshake, HandshakeTable } from './handshake-table.ts';
import { quicCrypto } from './quic-crypto.ts';

/** Packets opened in a second. */
const MOST_OPENED = 500;

export class QuicHellos {
  readonly #handshakes: HandshakeTable;
  readonly #hellos: HelloReader;
  readonly #name: HostName;
  readonly #budget = new Budget(MOST_OPENED);
  readonly #packet = new LongHeader();

  /** A name that is found is in `name`. */
  constructor(handshakes: HandshakeTable, hellos: HelloReader, name: HostName) {
    this.#handshakes = handshakes;
    this.#hellos = hellos;
    this.#name = name;
  }

  /** Packets that were not opened because too many came at once. */
  get refused(): number {
    return this.#budget.refused;
  }

  /** Reads the datagram (or buffer of datagrams) of packet i whose payload begins at `from`; true: a name was found. */
  read(batch: DecodedBatch, i: number, from: number): boolean {
    const { gsoSize } = batch.packets;
    const end = from + batch.payloadLength[i];
    const step = gsoSize[i] === 0 ? batch.payloadLength[i] : gsoSize[i];
    for (let at = from; at < end; at += step) {
      if (this.#readDatagram(batch, i, at, Math.min(at + step, end, batch.packetEnd[i]))) return true;
    }
    return false;
  }

  /** The packets of a datagram, one behind the other. */
  #readDatagram(batch: DecodedBatch, i: number, from: number, end: number): boolean {
    const { bytes, view } = batch.packets;
    const packet = this.#packet;
    for (let at = from; at < end && packet.read(bytes, view, at, end); at = packet.end) {
      if (packet.isInitial && this.#readPacket(batch, i, end)) return true;
    }
    return false;
  }

  #readPacket(batch: DecodedBatch, i: number, captured: number): boolean {
    const known = this.#handshakes.find(batch, i);
    const { idBegin, idEnd } = this.#packet;
    if (known === null && idEnd - idBegin < LEAST_CLIENT_ID) return false;
    if (known?.isOver === true || !this.#budget.spend(batch.time[i])) return false;
    const handshake = known ?? this.#handshakes.begin(batch, i, false);
    const frames = handshake.takesPiece() ? this.#open(handshake, batch.packets.bytes, captured) : null;
    if (frames === null) {
      handshake.isOver = true;
      return false;
    }
    const { assembly } = handshake;
    let hasGrown = false;
    cryptoPieces(frames, (piece, begin, end, offset) => {
      hasGrown = assembly.put(offset, piece, begin, end) || hasGrown;
    });
    if (!hasGrown) return false;
    const found = this.#hellos.read(assembly.bytes, 0, assembly.length, false, this.#name);
    handshake.isOver = found !== HELLO.more || assembly.isFull;
    return found === HELLO.found;
  }

  /** By the keys of the conversation's first packet, or by its own: after a Retry they follow from another id. */
  #open(handshake: Handshake, bytes: Uint8Array, captured: number): Uint8Array | null {
    const packet = this.#packet;
    const { keys } = handshake;
    const isKnown = keys?.version === packet.version;
    const frames = isKnown ? openInitial(quicCrypto, keys, bytes, packet, captured) : null;
    const { idBegin, idEnd, version } = packet;
    if (frames !== null || (isKnown && isSame(keys.id, bytes, idBegin, idEnd))) return frames;
    const own: InitialKeys = initialKeys(quicCrypto, version, Uint8Array.from(bytes.subarray(idBegin, idEnd)));
    const opened = openInitial(quicCrypto, own, bytes, packet, captured);
    if (opened === null) return null;
    handshake.keys = own;
    // Another connection, or the same begun anew.
    if (isKnown) handshake.assembly.clear();
    return opened;
  }
}

function isSame(id: Uint8Array, bytes: Uint8Array, begin: number, end: number): boolean {
  if (end - begin !== id.length) return false;
  for (let k = 0; k < id.length; k++) if (id[k] !== bytes[begin + k]) return false;
  return true;
}
