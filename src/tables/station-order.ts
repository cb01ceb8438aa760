/**
 * Orders of the station table: a number per row (smaller first) and a tie-break by address and interface, so that an
 * order does not flicker.
 */
import { type AddressBlocks, ownerOf } from '../wire/address-blocks.ts';
import {
  STATION_COUNT,
  STATION_DOUBLE,
  STATION_DOUBLES,
  STATION_RATES,
  STATION_WORD,
  STATION_WORDS,
  type StationTable,
} from './station-table.ts';
import type { TieBreak } from './top-rows.ts';

/** What an order needs to know beside the rows. */
export interface StationOrderContext {
  table: StationTable;
  /** Bytes that 'bytes' and 'rate' mean. */
  bytes: 'ip' | 'wire';
  /** Interface slots ranked by name. */
  interfaceRank(slot: number): number;
  /** Makers by number in the order of their names, or null. */
  vendors: AddressBlocks | null;
}

export interface StationOrder {
  key(row: number): number;
  tie: TieBreak;
}

type Key = (row: number) => number;

/** The order of this name (types.ts of the monitor lists them); the natural order, first seen first, for others. */
export function stationOrder(context: StationOrderContext, sort: string | null, descending: boolean): StationOrder {
  const { table } = context;
  const tie: TieBreak = (a, b) => addressOf(table, a) - addressOf(table, b) || table.slotOf(a) - table.slotOf(b);
  const key = sort === null ? null : columnKey(context, sort);
  if (key === null) return { key: doubleKey(table, STATION_DOUBLE.firstSeen), tie };
  return { key: descending ? (row) => -key(row) : key, tie };
}

function addressOf(table: StationTable, row: number): number {
  return table.highOf(row) * 2 ** 32 + table.lowOf(row);
}

function doubleKey({ f64 }: StationTable, double: number): Key {
  return (row) => f64[row * STATION_DOUBLES + double];
}

/** Of "bytes-in": the figure and the sides that count. */
function sidesOf(sort: string): { figure: string; isIn: boolean; isOut: boolean } {
  const [, figure, side] = /^(.*?)(-in|-out)?$/.exec(sort) as RegExpExecArray;
  return { figure, isIn: side !== '-out', isOut: side !== '-in' };
}

function columnKey(context: StationOrderContext, sort: string): Key | null {
  const { table, bytes, interfaceRank, vendors } = context;
  const { figure, isIn, isOut } = sidesOf(sort);
  const counted = (count: number): Key => {
    const inward = doubleKey(table, STATION_DOUBLE.in + count);
    const outward = doubleKey(table, STATION_DOUBLE.out + count);
    return (row) => (isIn ? inward(row) : 0) + (isOut ? outward(row) : 0);
  };
  switch (figure) {
    case 'rate':
      return rateKey(table, bytes === 'ip' ? 0 : 2, isIn, isOut);
    case 'bytes':
      return counted(bytes === 'ip' ? STATION_COUNT.ipBytes : STATION_COUNT.wireBytes);
    case 'packets':
      return counted(STATION_COUNT.packets);
    case 'ip-packets':
      return counted(STATION_COUNT.ipPackets);
    case 'mac':
      return (row) => addressOf(table, row);
    case 'vendor':
      return (row) => vendorKey(table, row, vendors);
    case 'addresses':
      return (row) => table.addresses.distinctCount(row);
    case 'interface':
      return (row) => interfaceRank(table.slotOf(row));
    case 'first-seen':
      return doubleKey(table, STATION_DOUBLE.firstSeen);
    case 'last-seen':
      return doubleKey(table, STATION_DOUBLE.lastSeen);
    default:
      return null;
  }
}

function rateKey({ rates }: StationTable, first: number, isIn: boolean, isOut: boolean): Key {
  return (row) => {
    const at = row * STATION_RATES + first;
    return (isIn ? rates[at] : 0) + (isOut ? rates[at + 1] : 0);
  };
}

/** Stations without a known maker come after all that have one. */
function vendorKey(table: StationTable, row: number, vendors: AddressBlocks | null): number {
  const owner = vendors === null ? 0 : ownerOf(vendors, table.highOf(row), table.lowOf(row));
  return owner === 0 ? 0x10000 : owner;
}

/** Words 0 and 1 of a row, as `highOf`, `lowOf` and `slotOf` read them, for rows that were copied. */
export function stationKey(u32: Uint32Array, row: number): { high: number; low: number; slot: number } {
  const at = row * STATION_WORDS;
  const highAndSlot = u32[at + STATION_WORD.highAndSlot];
  return { high: highAndSlot & 0xffff, low: u32[at + STATION_WORD.low], slot: highAndSlot >>> 16 };
}
