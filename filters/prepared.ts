/**
 * A filter made ready for packets: host names resolved, expressions compiled, lists as numbers. Plain values that cross
 * to the engine process; evaluate.ts decides packets by it, prefilter.ts makes the kernel's superset of it.
 */
import type { CompiledExpression } from '../src/base/bpf-program.ts';
import type { Unmatched } from './filter.ts';

/** An address or network: an address matches where its words, masked, equal `words`. */
export interface PreparedNetwork {
  family: 4 | 6;
  /** Four words, IPv4 as v4-mapped (::ffff:a.b.c.d), already masked. */
  words: Uint32Array;
  /** Four words; of IPv4 the first three are all ones. */
  mask: Uint32Array;
}

/** Both ends included. */
export type NumberRange = readonly [from: number, to: number];

/** null: matches everything. An empty list matches nothing. */
export interface PreparedEndpoint {
  networks: readonly PreparedNetwork[] | null;
  /** [first two bytes, last four bytes]. */
  macs: readonly (readonly [high: number, low: number])[] | null;
  ports: readonly NumberRange[] | null;
}

/** A packet matches by any of them. */
export interface PreparedProtocols {
  /** IP protocol numbers (of IPv4 and of IPv6 behind its extension headers). */
  ip: readonly NumberRange[];
  /** All packets of that network layer; 'other' is everything that is no IP. */
  networks: readonly ('ipv4' | 'ipv6' | 'other')[];
  /** Of the network layer, as column etherType has it; of 802.2 frames the DSAP/SSAP pair instead (word 8 of the key). */
  etherTypes: readonly number[];
}

export interface PreparedRule {
  include: boolean;
  source: PreparedEndpoint;
  destination: PreparedEndpoint;
  protocols: PreparedProtocols | null;
  /** Names and patterns with *. */
  interfaces: readonly string[] | null;
  direction: 'in' | 'out' | null;
  /** VLAN numbers; `untagged`: also packets without a tag. null: all packets. */
  vlans: { ranges: readonly NumberRange[]; untagged: boolean } | null;
  bothWays: boolean;
  /** In place of all other matchers. */
  expression: CompiledExpression | null;
}

export interface PreparedFilter {
  /** For the status line: "web", "web, without my ssh". */
  text: string;
  rules: readonly PreparedRule[];
  unmatched: Unmatched;
  /**
   * Networks that are ours, for `direction` where the capture does not tell (files, mirror ports): what they send goes
   * out, else what they receive comes in. Empty: only the capture tells.
   */
  local: readonly PreparedNetwork[];
}
