/**
 * What a format's record reader works on, and what it answers.
 *
 *   bytes  [ … consumed … | position ──► unread bytes ──► end | not valid ]
 *
 * A reader moves `position` behind each whole record it took. It may move it beyond `end`: the bytes in between are to be
 * skipped (a block of no interest that is longer than the chunk).
 */

import type { PacketBatch } from '../../wire/packet-batch.ts';
import type { CapturedInterface } from '../capture-source.ts';

/** Longest packet (and packet block) that is taken for real; longer is damage. libpcap's own limit is 128 times its 262,144. */
export const MAXIMUM_PACKET_BYTES = 16 * 1024 * 1024;

/** Most interfaces that one file may bring along; more is damage. */
export const MAXIMUM_INTERFACES = 4096;

export interface ByteWindow {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position: number;
  readonly end: number;
}

/** Why `fill` returned. */
export const FILL = {
  /** The record at `position` is not whole: more bytes are needed. */
  needsBytes: 0,
  /** The batch is full, or the next packet belongs behind a time cut. */
  batchReady: 1,
  /** The record at `position` is impossible; `damage` says why. */
  damaged: 2,
} as const;

export type FillOutcome = (typeof FILL)[keyof typeof FILL];

/** One format: turns bytes into packets of a batch. Holds what it learned from headers. */
export interface RecordReader {
  /** Appends packets to the batch (whose bytes and view are the window's) until one of FILL. */
  fill(window: ByteWindow, batch: PacketBatch): FillOutcome;
  /** Reason of FILL.damaged. */
  readonly damage: string;
  /** Counters that the file itself brings; null where it has none. */
  readonly droppedByKernel: number | null;
  readonly droppedByInterface: number | null;
}

/** Interfaces seen so far: append-only, shared between the source and its reader. */
export class SavefileInterfaces {
  readonly table: CapturedInterface[] = [];
  readonly #fallbackName: string;

  /** @param fallbackName name of an interface that the file does not name */
  constructor(fallbackName: string) {
    this.#fallbackName = fallbackName;
  }

  /**
   * Slot of an interface: the same name and link type is the same interface, also in another section of the file.
   * Returns -1 at MAXIMUM_INTERFACES. `ordinal`: place among the file's interfaces, tells unnamed ones apart.
   */
  slotOf(name: string | null, ordinal: number, linkType: number): number {
    const shown = name ?? (ordinal === 0 ? this.#fallbackName : `${this.#fallbackName}:${ordinal}`);
    const known = this.table.find((entry) => entry.name === shown && entry.linkType === linkType);
    if (known !== undefined) return known.slot;
    const slot = this.table.length;
    if (slot >= MAXIMUM_INTERFACES) return -1;
    this.table.push({ slot, name: shown, index: null, linkType, virtual: false, loopback: false });
    return slot;
  }
}

/** LINKTYPE_ number of a file's link-type field: upper bits carry the FCS length; 12 and 14 are old numbers of raw IP. */
export function linkTypeOf(field: number): number {
  const linkType = field & 0xffff;
  return linkType === 12 || linkType === 14 ? 101 : linkType;
}
