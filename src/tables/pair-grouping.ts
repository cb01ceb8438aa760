/** How conversations are put together to pairs of hosts. Pure values: they cross to the engine as they are. */

/** Seconds over which rates of pairs are averaged (iftop's three columns). */
export const PAIR_WINDOWS = [2, 10, 40] as const;

/** What rates and averages of pairs count. */
export type PairQuantity = 'ipBytes' | 'wireBytes' | 'packets';

/** What of one side's endpoints makes a pair of its own. */
export interface PairSide {
  /** true: all its hosts are one. */
  hidden: boolean;
  /** Hosts whose addresses begin with the same bits are one: 0 to 32 and 0 to 128; 32 and 128 are single hosts. */
  ipv4Prefix: number;
  ipv6Prefix: number;
  /** Ports, and with them protocols, are told apart. */
  ports: boolean;
}

/** Ours is what iftop calls the source (left), theirs its destination. */
export interface PairGrouping {
  ours: PairSide;
  theirs: PairSide;
}

export const HOST_SIDE: PairSide = { hidden: false, ipv4Prefix: 32, ipv6Prefix: 128, ports: false };

/** Single hosts, all ports together. */
export const HOST_GROUPING: PairGrouping = { ours: HOST_SIDE, theirs: HOST_SIDE };

/**
 * How it was found which end of a conversation is ours, the first that holds: it lies in a given network and the other
 * end does not; it is an address of the interface; what it sends leaves from the interface's own hardware address (or it
 * is to this address that the other one sends); it is a multicast or broadcast address, and what others send to it is
 * received; by the order of addresses (and ports), which says nothing.
 */
export const SIDE_REASONS = ['network', 'address', 'hardware', 'multicast', 'order'] as const;
export type SideReason = (typeof SIDE_REASONS)[number];
