/**
 * Which end of a conversation is ours: what iftop calls the source, and shows on the left. The first of SIDE_REASONS
 * (pair-grouping.ts) that holds decides, and that of the interface the packets came by: each has addresses and a
 * hardware address of its own. A decision is one small number, so that it can stand in a typed array:
 *
 *   bit 0      the endpoint that is ours: 0 or 1
 *   bits 1..3  place in SIDE_REASONS
 *   bit 4      firm: what is learnt later of the senders' hardware addresses changes nothing
 *   LEFT_OUT   the conversation is not counted at all
 *
 * Decided once a conversation, never per packet. Pure: what the kernel says of an interface is given.
 */
import { parseAddress, prefixMask } from '../wire/address.ts';
import { NETWORK } from '../wire/decoded-batch.ts';
import type { MacTable } from './mac-table.ts';
import { SIDE_REASONS, type SideReason } from './pair-grouping.ts';

/** Not counted: IPv6 link-local traffic, or what does not cross the border of the given networks. */
export const LEFT_OUT = 255;

const FIRM = 16;
const REASON_SHIFT = 1;
const REASON_MASK = 7;
const [BY_NETWORK, BY_ADDRESS, BY_HARDWARE, BY_MULTICAST, BY_ORDER] = SIDE_REASONS.map((_, place) => place);

/** Words of a key (wire/key.ts) that are read here. */
const PLACE_WORD = 9;
const SLOT_WORD = 10;

/** An address lies in it where its words, masked, equal `words`; IPv4 as v4-mapped (filters/prepared.ts). */
export interface SideNetwork {
  family: 4 | 6;
  words: Uint32Array;
  mask: Uint32Array;
}

export interface PairSidesOptions {
  /** Networks that are ours; a conversation that crosses their border is decided by them. */
  networks: readonly SideNetwork[];
  /** What crosses no border of a network of its family is left out; the family without a network stays whole. */
  crossingOnly: boolean;
  /** false: IPv6 with a link-local address at either end is left out. */
  linkLocal: boolean;
}

/** What is known of an interface. */
export interface SideInterface {
  /** "192.0.2.1/24". What is no such text is passed over. */
  addresses: readonly string[];
  /** "02:00:00:00:00:01", or null: it has none. */
  mac: string | null;
  /**
   * Only what is meant for this host comes in by it. Not so where the card is promiscuous, or belongs to a bridge:
   * there a packet that others sent says nothing of its receiver.
   */
  receivesOwnOnly: boolean;
}

/** The endpoint (0 or 1) that is ours, of a decision that is not LEFT_OUT. */
export function sideOf(decision: number): 0 | 1 {
  return (decision & 1) as 0 | 1;
}

/** Why, of a decision that is not LEFT_OUT. */
export function reasonOf(decision: number): SideReason {
  return SIDE_REASONS[(decision >>> REASON_SHIFT) & REASON_MASK];
}

/** Nothing that a sender's hardware address could say would change it: it need not be asked for again. */
export function isFirm(decision: number): boolean {
  return decision === LEFT_OUT || (decision & FIRM) !== 0;
}

export class PairSides {
  readonly #networks: readonly SideNetwork[];
  readonly #borders: { readonly ipv4: boolean; readonly ipv6: boolean };
  readonly #linkLocal: boolean;
  readonly #macs: Pick<MacTable, 'highOf' | 'lowOf'>;
  /** By interface slot; a slot that nothing is known of is undefined. */
  readonly #interfaces: (OwnAddresses | undefined)[] = [];
  /** Broadcast addresses of the given networks. */
  readonly #broadcasts: ReadonlySet<number>;

  /** `macs`: the table whose ids the conversation table keeps. */
  constructor(options: PairSidesOptions, macs: Pick<MacTable, 'highOf' | 'lowOf'>) {
    const { networks, crossingOnly, linkLocal } = options;
    this.#networks = networks;
    const hasBorder = (family: 4 | 6): boolean => crossingOnly && networks.some((network) => network.family === family);
    this.#borders = { ipv4: hasBorder(4), ipv6: hasBorder(6) };
    this.#linkLocal = linkLocal;
    this.#macs = macs;
    this.#broadcasts = new Set(networks.flatMap(broadcastOf));
  }

  /** What is known of the interface of this slot, or null: nothing. Returns whether decisions may change by it. */
  setInterface(slot: number, known: SideInterface | null): boolean {
    const text = known === null ? '' : JSON.stringify([known.addresses, known.mac, known.receivesOwnOnly]);
    if ((this.#interfaces[slot]?.text ?? '') === text) return false;
    this.#interfaces[slot] = known === null ? undefined : new OwnAddresses(known, text);
    return true;
  }

  /**
   * The decision for the conversation of the IP key at words[at…]; `macs` is the word of the conversation table that
   * holds the hardware addresses' ids of endpoint 0 (low half) and 1 (high half).
   */
  decide(words: Uint32Array, at: number, macs: number): number {
    const isIpv6 = words[at + PLACE_WORD] >>> 24 === NETWORK.ipv6;
    if (isIpv6 && !this.#linkLocal && (isLinkLocal(words, at) || isLinkLocal(words, at + 4))) return LEFT_OUT;
    const crossing = this.#networks.length === 0 ? -1 : this.#crossingSide(words, at, isIpv6);
    if (crossing >= 0) return firm(crossing, BY_NETWORK);
    if (isIpv6 ? this.#borders.ipv6 : this.#borders.ipv4) return LEFT_OUT;
    const own = this.#interfaces[words[at + SLOT_WORD]];
    const byAddress = own === undefined ? -1 : onlyOne(own.has(words, at), own.has(words, at + 4));
    if (byAddress >= 0) return firm(byAddress, BY_ADDRESS);
    const group = onlyOne(this.#isGroup(own, words, at, isIpv6), this.#isGroup(own, words, at + 4, isIpv6));
    return this.#byHardware(own, macs, group) ?? loose(...(group >= 0 ? ([group, BY_MULTICAST] as const) : ORDER));
  }

  /** The end that lies in a given network, the other one in none; -1: both or neither. */
  #crossingSide(words: Uint32Array, at: number, isIpv6: boolean): number {
    return onlyOne(this.#isGiven(words, at, isIpv6), this.#isGiven(words, at + 4, isIpv6));
  }

  #isGiven(words: Uint32Array, at: number, isIpv6: boolean): boolean {
    return this.#networks.some((network) => (network.family === 6) === isIpv6 && liesIn(network, words, at));
  }

  /**
   * Forwarded traffic: what leaves with the interface's own hardware address was sent from our side of it. And what came
   * in from another one, by an interface that takes only what is its own, is for our side. null: it does not tell.
   */
  #byHardware(own: OwnAddresses | undefined, macs: number, group: number): number | null {
    if (own === undefined || own.macLow < 0) return null;
    const [mac0, mac1] = [macs & 0xffff, macs >>> 16];
    const leaving = onlyOne(this.#isOwnMac(own, mac0), this.#isOwnMac(own, mac1));
    if (leaving >= 0) return firm(leaving, BY_HARDWARE);
    if (!own.receivesOwnOnly || group >= 0 || (mac0 === 0) === (mac1 === 0)) return null;
    return loose(mac0 === 0 ? 0 : 1, BY_HARDWARE);
  }

  #isOwnMac(own: OwnAddresses, id: number): boolean {
    return id !== 0 && this.#macs.lowOf(id) === own.macLow && this.#macs.highOf(id) === own.macHigh;
  }

  /** A multicast or broadcast address. */
  #isGroup(own: OwnAddresses | undefined, words: Uint32Array, at: number, isIpv6: boolean): boolean {
    if (isIpv6) return words[at] >>> 24 === 0xff;
    const address = words[at + 3];
    if (address >>> 28 === 0xe || address === 0xffffffff) return true;
    return this.#broadcasts.has(address) || own?.broadcasts.has(address) === true;
  }
}

/** By the order of the key: endpoint 0 has the lower address, or of equal ones the lower port. */
const ORDER = [0, BY_ORDER] as const;

function firm(side: number, reason: number): number {
  return FIRM | (reason << REASON_SHIFT) | side;
}

function loose(side: number, reason: number): number {
  return (reason << REASON_SHIFT) | side;
}

/** 0 or 1: the one that holds; -1: both or neither. */
function onlyOne(first: boolean, second: boolean): number {
  if (first === second) return -1;
  return first ? 0 : 1;
}

/** An interface's addresses, found by their last word. */
class OwnAddresses {
  readonly text: string;
  /** First two and last four bytes; low -1: it has none. */
  readonly macHigh: number;
  readonly macLow: number;
  readonly receivesOwnOnly: boolean;
  /** IPv4. */
  readonly broadcasts = new Set<number>();
  readonly #byLastWord = new Map<number, Uint32Array[]>();

  constructor({ addresses, mac, receivesOwnOnly }: SideInterface, text: string) {
    this.text = text;
    this.receivesOwnOnly = receivesOwnOnly;
    const digits = mac === null || !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac) ? null : mac.replaceAll(':', '');
    this.macHigh = digits === null ? -1 : Number.parseInt(digits.slice(0, 4), 16);
    this.macLow = digits === null ? -1 : Number.parseInt(digits.slice(4), 16);
    for (const address of addresses) this.#add(address);
  }

  #add(cidr: string): void {
    const [text, bits] = cidr.split('/');
    const words = parseAddress(text);
    if (words === null) return;
    const same = this.#byLastWord.get(words[3]);
    if (same === undefined) this.#byLastWord.set(words[3], [words]);
    else same.push(words);
    if (text.includes(':') || bits === undefined) return;
    const mask = prefixMask(Number(bits) + 96);
    for (const broadcast of broadcastOf({ family: 4, words, mask })) this.broadcasts.add(broadcast);
  }

  has(words: Uint32Array, at: number): boolean {
    const same = this.#byLastWord.get(words[at + 3]);
    if (same === undefined) return false;
    return same.some((own) => own[2] === words[at + 2] && own[1] === words[at + 1] && own[0] === words[at]);
  }
}

/** The last address of an IPv4 network, where it has one for all its hosts (not of two or one addresses). */
function broadcastOf({ family, words, mask }: SideNetwork): number[] {
  const hosts = ~mask[3] >>> 0;
  return family === 6 || hosts < 3 ? [] : [(words[3] | hosts) >>> 0];
}

function liesIn({ words, mask }: SideNetwork, address: Uint32Array, at: number): boolean {
  // Masked words are signed.
  return (
    ((address[at + 3] & mask[3]) ^ words[3]) === 0 &&
    ((address[at + 2] & mask[2]) ^ words[2]) === 0 &&
    ((address[at + 1] & mask[1]) ^ words[1]) === 0 &&
    ((address[at] & mask[0]) ^ words[0]) === 0
  );
}

/** fe80::/10. */
function isLinkLocal(words: Uint32Array, at: number): boolean {
  return words[at] >>> 22 === 0x3fa;
}
