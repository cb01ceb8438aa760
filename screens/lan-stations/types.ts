/**
 * What crosses the boundary between the LAN station monitor (engine side) and its screens and output (front side).
 * CONTRACT section 4: direction pairs are [in, out]: frames addressed to the station, frames that it sent.
 */
import type { SearchField } from '../../src/search/query.ts';
import type { TermNames } from '../../src/search/rows.ts';
import type { AddressBlocks } from '../../src/wire/address-blocks.ts';

/** station: one network card. group: a multicast or broadcast address. */
export type StationKind = 'station' | 'group';

export interface StationCounts {
  /** On the wire: an offloaded buffer is several. */
  packets: number;
  /** Those of them that are IPv4 or IPv6. */
  ipPackets: number;
  ipBytes: number;
  wireBytes: number;
}

/** Bytes per second in and out; null = not known. */
export type StationRates = [number | null, number | null];

export interface LanStationRow {
  /** Stays with the station while it lives; never two stations with one id in a run. */
  id: number;
  kind: StationKind;
  /** One row for each interface that a station was seen on. */
  interface: string;
  /** "02:00:5e:10:00:01". */
  mac: string;
  /** The operator's own name of it, filled in by the front; null = none. */
  description: string | null;
  /** IP addresses that the station sent from: at most 16, the newest; IPv4 first, then by number. */
  addresses: string[];
  /** Different addresses it has sent from. */
  addressesTotal: number;
  /** false: there may have been more than addressesTotal, which is as many as were remembered. */
  addressesExact: boolean;
  in: StationCounts;
  out: StationCounts;
  bytesPerSecond: StationRates;
  wireBytesPerSecond: StationRates;
  /** Seconds since 1970. */
  firstSeen: number;
  lastSeen: number;
}

/** Columns that rows can be ordered by (Query.sort). Without -in and -out: both together. */
export const LAN_STATIONS_SORTS = [
  'rate',
  'rate-in',
  'rate-out',
  'bytes',
  'bytes-in',
  'bytes-out',
  'packets',
  'packets-in',
  'packets-out',
  'ip-packets',
  'ip-packets-in',
  'ip-packets-out',
  'mac',
  'addresses',
  'interface',
  'first-seen',
  'last-seen',
] as const;
/** 'vendor' is for screens alone: the engine knows makers by the numbers that a screen tells it. */
export type LanStationsSort = (typeof LAN_STATIONS_SORTS)[number] | 'vendor';

/** Columns that are read from A to Z or from early to late; the others begin with the largest. */
export const LAN_STATIONS_ASCENDING: ReadonlySet<LanStationsSort> = new Set([
  'mac',
  'interface',
  'first-seen',
  'vendor',
]);

/** Query.options of this monitor. */
export interface LanStationsOptions {
  /** 'all': stations, then groups. */
  panel: 'stations' | 'groups' | 'all';
  /** Bytes that 'bytes' and 'rate' order by. */
  byteKind: 'ip' | 'wire';
  /** As typed (src/search/query.ts), with the fields below; null: none. */
  search: string | null;
  /** By term of the search, what is meant by name: IP addresses, MAC addresses (description, group), vendors. */
  searchNames?: readonly TermNames[];
  /**
   * Vendors by number, in the order of their names. Told as long as LanStationsExtra.knowsVendors is false and the order
   * or the search needs it: the engine knows no names.
   */
  vendors?: AddressBlocks;
}

/** Fields of the search. */
export const STATION_SEARCH_FIELDS = ['mac', 'vendor', 'host', 'iface'] as const satisfies SearchField[];

/** Page.extra of this monitor. */
export interface LanStationsExtra {
  /** Rows there are of each kind, search or not. */
  stations: number;
  groups: number;
  /** Stations and groups folded away at the table's cap, with what they carried: rows + evicted = everything. */
  evicted: { stations: number; in: StationCounts; out: StationCounts };
  /** What has no hardware addresses: packets of loopback and tunnels. They belong to no row. */
  withoutAddresses: StationCounts;
  /** None of the interfaces that are watched has a hardware address; false where a file is read. */
  isWithoutMacs: boolean;
  knowsVendors: boolean;
}
