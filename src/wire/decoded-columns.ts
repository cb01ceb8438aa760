/**
 * Where the columns of a DecodedBatch lie in its one block of memory, BATCH_CAPACITY elements each, without gaps:
 *
 *   8 bits    status │ fragment │ tcpFlags │ selected                          ┐ what setBatchDefaults resets,
 *   16 bits   vlan │ tcpWindow │ icmpType                                      │ in one copy
 *   32 bits   segments │ tcpSequence │ tcpAcknowledgement │ row                ┘
 *   8 bits    network │ ipProtocol │ direction
 *   16 bits   etherType │ sourcePort │ destinationPort
 *   32 bits   hash │ macOffset │ networkOffset │ transportOffset │ packetEnd │ payloadLength │ key (KEY_WORDS a packet)
 *   64 bits   time │ ipBytes │ wireBytes
 *
 * NAME_8, _16, _32 and _64 say where a column begins in an array of that width over the whole block: words[HASH_32 + i]
 * is hash[i]. The hot path has four arrays at hand that way, and not one a column, each of which V8 would check for its
 * kind, length and address at every packet. All follows from literals of this file, without a division: only then does
 * the bundler put numbers in the places of the names.
 */
import type { KEY_WORDS } from './decoded-batch.ts';
import type { BATCH_CAPACITY } from './packet-batch.ts';

const N = 256 satisfies typeof BATCH_CAPACITY;
const WORDS_A_KEY = 11 satisfies typeof KEY_WORDS;

export const STATUS_8 = 0;
export const FRAGMENT_8 = STATUS_8 + N;
export const TCP_FLAGS_8 = FRAGMENT_8 + N;
export const SELECTED_8 = TCP_FLAGS_8 + N;

export const VLAN_16 = (SELECTED_8 + N) >> 1;
export const TCP_WINDOW_16 = VLAN_16 + N;
export const ICMP_TYPE_16 = TCP_WINDOW_16 + N;

export const SEGMENTS_32 = (ICMP_TYPE_16 + N) >> 1;
export const TCP_SEQUENCE_32 = SEGMENTS_32 + N;
export const TCP_ACKNOWLEDGEMENT_32 = TCP_SEQUENCE_32 + N;
export const ROW_32 = TCP_ACKNOWLEDGEMENT_32 + N;

const DEFAULTED_BYTES = (ROW_32 + N) << 2;

export const NETWORK_8 = DEFAULTED_BYTES;
export const IP_PROTOCOL_8 = NETWORK_8 + N;
export const DIRECTION_8 = IP_PROTOCOL_8 + N;

export const ETHER_TYPE_16 = (DIRECTION_8 + N) >> 1;
export const SOURCE_PORT_16 = ETHER_TYPE_16 + N;
export const DESTINATION_PORT_16 = SOURCE_PORT_16 + N;

export const HASH_32 = (DESTINATION_PORT_16 + N) >> 1;
export const MAC_OFFSET_32 = HASH_32 + N;
export const NETWORK_OFFSET_32 = MAC_OFFSET_32 + N;
export const TRANSPORT_OFFSET_32 = NETWORK_OFFSET_32 + N;
export const PACKET_END_32 = TRANSPORT_OFFSET_32 + N;
export const PAYLOAD_LENGTH_32 = PACKET_END_32 + N;
export const KEY_32 = PAYLOAD_LENGTH_32 + N;

export const TIME_64 = (KEY_32 + WORDS_A_KEY * N) >> 1;
export const IP_BYTES_64 = TIME_64 + N;
export const WIRE_BYTES_64 = IP_BYTES_64 + N;

const BLOCK_BYTES = (WIRE_BYTES_64 + N) << 3;

/** The block of one batch, in four widths; in the machine's byte order. */
export class DecodedColumns {
  readonly octets = new Uint8Array(BLOCK_BYTES);
  readonly halfWords = new Uint16Array(this.octets.buffer);
  readonly words = new Uint32Array(this.octets.buffer);
  readonly doubles = new Float64Array(this.octets.buffer);
  /** What setBatchDefaults resets. */
  readonly defaulted = this.octets.subarray(0, DEFAULTED_BYTES);

  /** Columns as arrays of their own, by where they begin. */
  octetColumn(begin: number): Uint8Array {
    return this.octets.subarray(begin, begin + N);
  }

  halfWordColumn(begin: number): Uint16Array {
    return this.halfWords.subarray(begin, begin + N);
  }

  wordColumn(begin: number): Uint32Array {
    return this.words.subarray(begin, begin + N);
  }

  signedColumn(begin: number): Int32Array {
    return new Int32Array(this.octets.buffer, 4 * begin, N);
  }

  doubleColumn(begin: number): Float64Array {
    return this.doubles.subarray(begin, begin + N);
  }

  /** All keys: KEY_WORDS words a packet. */
  keyColumn(): Uint32Array {
    return this.words.subarray(KEY_32, KEY_32 + WORDS_A_KEY * N);
  }
}
