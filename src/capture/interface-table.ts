/**
 * Slots of the interfaces that packets were seen on. Append-only: a slot belongs to one (name, link type) for ever, so
 * that an interface which is removed and made anew (with another index) goes on in its rows, and a kernel index that
 * is used again for something else does not.
 */

import type { CapturedInterface, InterfaceTable } from './capture-source.ts';
import { isVirtual } from './kernel-counters.ts';
import { ARPHRD_LOOPBACK, linkLayerOf } from './link-types.ts';

/** Kernel indexes below this have an entry of the hot-path array; higher ones are looked up in a map. */
const DIRECT_INDEXES = 4096;
/** A slot is 16 bits wide. Interfaces beyond that many share the last one. */
const MAXIMUM_SLOTS = 0xffff;

export class InterfaceRegistry {
  readonly #list: CapturedInterface[] = [];
  readonly #slotByIdentity = new Map<string, number>();
  readonly #nameOf: (index: number) => string | null;
  /** Every index seen, with the slot it means now; the array below is its fast part. */
  readonly #slotByIndex = new Map<number, number>();
  readonly #maximumSlots: number;

  /** Kernel index -> slot, or -1: ask `slotOf`. Hot paths read it directly. */
  readonly slotOfIndex = new Int32Array(DIRECT_INDEXES).fill(-1);
  /** Slot -> LINKTYPE_. Grows: read it again after `slotOf`. */
  linkTypes = new Uint16Array(64);
  /** Slot -> 1 where packets begin at the network header. Grows with linkTypes. */
  networkOnly = new Uint8Array(64);

  /** `nameOf` answers with the present name of a kernel index. */
  constructor(nameOf: (index: number) => string | null, maximumSlots = MAXIMUM_SLOTS) {
    this.#nameOf = nameOf;
    this.#maximumSlots = maximumSlots;
  }

  get list(): InterfaceTable {
    return this.#list;
  }

  /** The slot of a packet's interface; hardwareType (ARPHRD_) is asked once per interface and its link type kept. */
  slotOf(index: number, hardwareType: number): number {
    const known = this.#slotByIndex.get(index);
    if (known !== undefined) return known;
    const { linkType, fromNetworkHeader } = linkLayerOf(hardwareType);
    const name = this.#nameOf(index) ?? `if${index}`;
    const slot = this.slotOfName(name, index, linkType, hardwareType === ARPHRD_LOOPBACK);
    this.networkOnly[slot] = fromNetworkHeader ? 1 : 0;
    this.#slotByIndex.set(index, slot);
    if (index < DIRECT_INDEXES) this.slotOfIndex[index] = slot;
    return slot;
  }

  /** The slot of (name, link type), made when it is new; index is null where the kernel has none for it. */
  slotOfName(name: string, index: number | null, linkType: number, loopback: boolean): number {
    const identity = `${linkType} ${name}`;
    const known = this.#slotByIdentity.get(identity);
    if (known !== undefined) {
      this.#list[known].index = index;
      return known;
    }
    return this.#append(identity, {
      slot: this.#list.length,
      name,
      index,
      linkType,
      virtual: isVirtual(name),
      loopback,
    });
  }

  /**
   * Interfaces changed: forgets the indexes that mean another name now. One that is gone keeps its slot, because its
   * last packets may still wait in the ring.
   */
  refresh(): void {
    for (const [index, slot] of this.#slotByIndex) {
      const name = this.#nameOf(index);
      if (name === null || name === this.#list[slot].name) continue;
      this.#slotByIndex.delete(index);
      if (index < DIRECT_INDEXES) this.slotOfIndex[index] = -1;
    }
  }

  #append(identity: string, entry: CapturedInterface): number {
    // The last slot is shared by all that come too late (their link type is not decoded: it may differ).
    if (this.#list.length === this.#maximumSlots) return this.#maximumSlots - 1;
    if (this.#list.length === this.#maximumSlots - 1) {
      entry = { ...entry, name: '(others)', index: null, linkType: 0xffff };
    }
    this.#grow();
    this.#list.push(entry);
    this.#slotByIdentity.set(identity, entry.slot);
    this.linkTypes[entry.slot] = entry.linkType;
    return entry.slot;
  }

  #grow(): void {
    if (this.#list.length < this.linkTypes.length) return;
    const linkTypes = new Uint16Array(this.linkTypes.length * 2);
    linkTypes.set(this.linkTypes);
    this.linkTypes = linkTypes;
    const networkOnly = new Uint8Array(linkTypes.length);
    networkOnly.set(this.networkOnly);
    this.networkOnly = networkOnly;
  }
}
