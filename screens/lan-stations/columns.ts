/**
 * Columns of the LAN station monitor as data.
 *
 *   stations  two lines a row, line 0 = in (addressed to it), line 1 = out (sent by it); who it is stands on both
 *   groups    one line a row: nobody sends from a group's address
 */
import { agoText, bytesCell, countCell, rateCell, rateStyle, rateTitle, shareBar } from '../kit/cells.ts';
import type { Column } from '../kit/table.ts';
import { addressesText, type LanStationsView, nameOf, rateShare, shownBytes, shownRates } from './cells.ts';
import type { LanStationRow, StationCounts } from './types.ts';

type StationColumn = Column<LanStationRow>;

const MAC_WIDTH = 17;
/** Room for a MAC address with a name behind it: the interface, where it is the only one, comes after that. */
const COMFORTABLE_STATION = 42;
/** The word for a group. */
const LEAST_GROUP = 26;
/** From here on who made the card, what it is called and its addresses have room of their own. */
const APART_FROM = 106;
const VENDOR_WIDTH = 24;
/** Who made the card has a quarter of what wide terminals have left, up to the length of most names. */
const WIDEST_VENDOR = 40;
/** Narrower terminals have no room for IP packets beside all packets. */
const IP_PACKETS_FROM = 70;
/** An IPv6 address in full. */
const LEAST_NAME = 39;

const NARROW_INTERFACE = 9;
const WIDE_INTERFACE = 15;

function countsOf(row: LanStationRow, line: number): StationCounts {
  return line === 0 ? row.in : row.out;
}

/** The id that the order in force has, where it is one of this figure: the mark stands on its column. */
function orderedId(figure: string, { sort }: LanStationsView): string {
  return sort === `${figure}-in` || sort === `${figure}-out` ? sort : figure;
}

function columnSet(view: LanStationsView, innerWidth: number): Record<string, StationColumn> {
  const { rate, byteKind } = view;
  const widest = innerWidth < 98 ? NARROW_INTERFACE : WIDE_INTERFACE;
  const count = (id: string, title: string, figure: 'packets' | 'ipPackets'): StationColumn => ({
    id: orderedId(id, view),
    title,
    width: 7,
    align: 'right',
    read: (row, line) => countCell(countsOf(row, line)[figure], 7),
  });
  return {
    direction: {
      id: 'direction',
      title: '',
      width: 3,
      style: (_, line) => (line === 0 ? 'incoming' : 'outgoing'),
      read: (_, line) => (line === 0 ? 'in' : 'out'),
    },
    packets: count('packets', 'Pkts', 'packets'),
    ipPackets: count('ip-packets', 'IP pkts', 'ipPackets'),
    bytes: {
      id: orderedId('bytes', view),
      title: 'Bytes',
      width: 6,
      align: 'right',
      read: (row, line) => bytesCell(shownBytes(countsOf(row, line), byteKind), rate.base, 6),
    },
    rate: {
      id: orderedId('rate', view),
      title: rateTitle(rate),
      width: 6,
      align: 'right',
      style: (row, line) => rateStyle(shownRates(row, byteKind)[line]),
      read: (row, line) => rateCell(shownRates(row, byteKind)[line], rate, 6),
    },
    otherBytes: {
      id: 'other-bytes',
      title: byteKind === 'wire' ? 'IP bytes' : 'Wire bytes',
      width: 10,
      align: 'right',
      read: (row, line) =>
        bytesCell(shownBytes(countsOf(row, line), byteKind === 'wire' ? 'ip' : 'wire'), rate.base, 10),
    },
    share: {
      id: 'share',
      title: 'Share',
      width: 10,
      style: 'bar',
      read: (row, line) => shareBar(rateShare(shownRates(row, byteKind)[line], view.totalRate), 10),
    },
    interface: {
      id: 'interface',
      title: 'Iface',
      width: Math.min(view.interfaceWidth, widest),
      read: (row, line) => (line === 0 ? row.interface : ''),
    },
    idle: {
      id: 'last-seen',
      title: 'Idle',
      width: 6,
      align: 'right',
      read: (row, line) => (line === 0 ? agoText(view.time - row.lastSeen) : ''),
    },
    age: {
      id: 'first-seen',
      title: 'Age',
      width: 6,
      align: 'right',
      read: (row, line) => (line === 0 ? agoText(view.time - row.firstSeen) : ''),
    },
  };
}

function taken(columns: readonly StationColumn[]): number {
  return columns.reduce((sum, column) => sum + column.width + 1, 0);
}

/** Adds columns in this order as long as what is left keeps `least` cells; takes away what was switched off. */
function choose(
  set: Record<string, StationColumn>,
  fixed: readonly string[],
  extras: readonly string[],
  room: number,
  least: number,
  hidden: ReadonlySet<string>,
): { names: ReadonlySet<string>; left: number } {
  const names = new Set(fixed);
  const isHidden = (name: string): boolean => hidden.has(name);
  for (const name of fixed) if (isHidden(name)) names.delete(name);
  const left = (): number => room - taken([...names].map((name) => set[name]));
  for (const name of extras) if (!isHidden(name) && left() - set[name].width - 1 >= least) names.add(name);
  return { names, left: left() };
}

const ORDER = ['direction', 'packets', 'ipPackets', 'bytes', 'otherBytes', 'rate', 'share', 'interface', 'idle', 'age'];

/** Columns that are shown wherever they are not switched off. */
function fixedColumns(view: LanStationsView, innerWidth: number): string[] {
  const figures =
    innerWidth < IP_PACKETS_FROM ? ['packets', 'bytes', 'rate'] : ['packets', 'ipPackets', 'bytes', 'rate'];
  return view.severalInterfaces ? [...figures, 'interface'] : figures;
}

/** Columns of the stations, for an inner width (frame excluded). */
export function stationColumns(
  view: LanStationsView,
  innerWidth: number,
  hidden: ReadonlySet<string>,
): StationColumn[] {
  const set = columnSet(view, innerWidth);
  const fixed = ['direction', ...fixedColumns(view, innerWidth)];
  const isApart = innerWidth >= APART_FROM;
  const extras = isApart ? ['interface', 'idle', 'share', 'age', 'otherBytes'] : ['interface'];
  const least = isApart ? VENDOR_WIDTH + 1 + LEAST_NAME : COMFORTABLE_STATION;
  // One cell holds the bracket; the first column has no gap before it.
  const { names, left } = choose(set, fixed, extras, innerWidth - 1, least, hidden);
  const figures = ORDER.filter((name) => names.has(name)).map((name) => set[name]);
  return isApart ? [...apartColumns(view, left), ...figures] : [stationColumn(view, left), ...figures];
}

/** Narrow terminals: address and name above, IP addresses below. */
function stationColumn(view: LanStationsView, width: number): StationColumn {
  return {
    id: view.sort === 'vendor' ? 'vendor' : 'mac',
    title: width >= MAC_WIDTH + 20 ? 'Station, name, addresses' : 'Station',
    width,
    read: (row, line) => (line === 0 ? `${row.mac} ${nameOf(row, view)}` : addressesText(row, view, width)),
  };
}

/** Wide terminals: address above who made the card; name above IP addresses. */
function apartColumns(view: LanStationsView, width: number): StationColumn[] {
  const vendorWidth = Math.max(VENDOR_WIDTH, Math.min(WIDEST_VENDOR, width >> 2));
  const nameWidth = width - vendorWidth - 1;
  const { stations } = view;
  return [
    {
      id: view.sort === 'vendor' ? 'vendor' : 'mac',
      title: view.sort === 'vendor' ? 'Station, vendor' : 'Station',
      width: vendorWidth,
      read: (row, line) => (line === 0 ? row.mac : (stations.vendorOrLocal(row.mac) ?? '')),
    },
    {
      id: 'addresses',
      title: 'Name, addresses',
      width: nameWidth,
      style: (_, line) => (line === 0 ? 'value' : 'text'),
      read: (row, line) => (line === 0 ? (stations.description(row.mac) ?? '') : addressesText(row, view, nameWidth)),
    },
  ];
}

/** Columns of the groups, for an inner width (frame excluded). */
export function groupColumns(view: LanStationsView, innerWidth: number, hidden: ReadonlySet<string>): StationColumn[] {
  const set = columnSet(view, innerWidth);
  const fixed = fixedColumns(view, innerWidth);
  const extras = ['interface', 'idle', 'share', 'age', 'otherBytes'];
  const { names, left } = choose(set, fixed, extras, innerWidth - MAC_WIDTH - 1, LEAST_GROUP, hidden);
  const figures = ORDER.filter((name) => names.has(name)).map((name) => set[name]);
  return [
    { id: 'mac', title: 'Group', width: MAC_WIDTH, read: (row) => row.mac },
    { id: 'name', title: 'To whom', width: left, style: 'value', read: (row) => nameOf(row, view) },
    ...figures,
  ];
}

/** Columns that C can switch off: id and title. */
export const STATION_OPTIONAL: readonly (readonly [id: string, title: string])[] = [
  ['packets', 'Packets'],
  ['ipPackets', 'IP packets'],
  ['bytes', 'Bytes'],
  ['rate', 'Rate'],
  ['otherBytes', 'Bytes of the other kind (IP, wire)'],
  ['share', 'Share of the whole rate'],
  ['interface', 'Interface'],
  ['idle', 'Idle time'],
  ['age', 'Age'],
];
