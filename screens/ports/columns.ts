/**
 * Columns of the port monitor as data: iptraf-ng's seven, then rates, conversations and share where there is room. Wide
 * terminals have a column for the service's name; narrow ones put it behind the port.
 */

import { protocolStyle } from '../ip-traffic/cells.ts';
import { bytesCell, countCell, rateCell, rateStyle, rateTitle, shareBar } from '../kit/cells.ts';
import type { Column } from '../kit/table.ts';
import { type PortsView, portText, serviceText, shownBytes, shownRate } from './cells.ts';
import type { PortCounts, PortRates, PortRow, PortSort } from './types.ts';

type PortColumn = Column<PortRow>;
type Part = 'total' | 'to' | 'from';

/** "UDPLite/65535", and with the beginning of a service's name behind it. */
const PORT_WIDTH = 13;
const PORT_AND_SERVICE_WIDTH = 17;
const SERVICE_WIDTH = 14;
/** From this inner width on counts have room for eight digits, and services a column of their own. */
const WIDE = 110;

function figure(
  id: PortSort | 'packet-rate' | 'average',
  title: string,
  width: number,
  read: (row: PortRow, width: number) => string,
): PortColumn {
  return { id, title, width, align: 'right', read: (row, _line, cells) => read(row, cells) };
}

function columnSet(view: PortsView, isWide: boolean): Record<string, PortColumn> {
  const { rate } = view;
  const unit = rateTitle(rate);
  const packets = (id: PortSort, title: string, width: number, part: (row: PortRow) => PortCounts): PortColumn =>
    figure(id, title, isWide ? Math.max(8, width) : width, (row, cells) => countCell(part(row).packets, cells));
  const bytes = (id: PortSort, title: string, width: number, part: (row: PortRow) => PortCounts): PortColumn =>
    figure(id, title, width, (row, cells) => bytesCell(shownBytes(part(row), view), rate.base, cells));
  const rated = (id: PortSort, title: string, part: Part): PortColumn => ({
    ...figure(id, title, Math.max(6, title.length + 1), (row, cells) =>
      rateCell(shownRate(row[part], view), rate, Math.min(7, cells)),
    ),
    style: (row) => rateStyle(shownRate(row[part], view)),
  });
  return {
    packets: packets('packets', 'Pkts', 6, (row) => row.total),
    bytes: bytes('bytes', 'Bytes', 6, (row) => row.total),
    packetsTo: packets('packets-to', 'PktsTo', 7, (row) => row.to),
    bytesTo: bytes('bytes-to', 'BytesTo', 8, (row) => row.to),
    packetsFrom: packets('packets-from', 'PktsFrom', 9, (row) => row.from),
    bytesFrom: bytes('bytes-from', 'BytesFrom', 10, (row) => row.from),
    rate: rated('rate', unit, 'total'),
    rateTo: rated('rate-to', `To ${unit}`, 'to'),
    rateFrom: rated('rate-from', `From ${unit}`, 'from'),
    conversations: figure('conversations', 'Convs', isWide ? 8 : 6, (row, cells) =>
      countCell(row.conversations, cells),
    ),
    packetRate: figure('packet-rate', 'pkt/s', 6, (row) => countCell(rounded(row.total), 6)),
    average: figure('average', 'Avg size', 8, (row, cells) => countCell(averageSize(row.total, view), cells)),
    share: {
      id: 'share',
      title: 'Share',
      width: 10,
      style: 'bar',
      flex: 1,
      read: (row, _line, width) => shareBar(share(shownRate(row.total, view), view.totalRate), width),
    },
  };
}

function rounded({ packetsPerSecond }: PortRates): number | null {
  return packetsPerSecond === null ? null : Math.round(packetsPerSecond);
}

/** Bytes a packet, or null before the first. */
function averageSize(counts: PortCounts, view: PortsView): number | null {
  return counts.packets === 0 ? null : Math.round(shownBytes(counts, view) / counts.packets);
}

function share(rate: number | null, total: number | null): number {
  return rate === null || total === null || total <= 0 ? 0 : rate / total;
}

/** What there is room for, the most telling first; what belongs together comes together. */
const BY_IMPORTANCE: readonly (readonly string[])[] = [
  ['packets'],
  ['bytes'],
  ['rate'],
  ['packetsTo', 'bytesTo'],
  ['packetsFrom', 'bytesFrom'],
  ['conversations'],
  ['rateTo', 'rateFrom'],
  ['share'],
  ['packetRate'],
  ['average'],
];

/** From left to right. */
const ORDER = [
  'packets',
  'bytes',
  'packetsTo',
  'bytesTo',
  'packetsFrom',
  'bytesFrom',
  'packetRate',
  'rate',
  'rateTo',
  'rateFrom',
  'conversations',
  'average',
  'share',
];

/** Columns for an inner width (frame excluded); those of `hidden` (ids) are switched off. */
export function portColumns(view: PortsView, width: number, hidden: ReadonlySet<string>): PortColumn[] {
  const isWide = width >= WIDE;
  const hasService = isWide && !hidden.has('service');
  const set = columnSet(view, isWide);
  const names = new Set<string>();
  const first = isWide ? PORT_WIDTH + (hasService ? SERVICE_WIDTH + 1 : 0) : PORT_AND_SERVICE_WIDTH;
  let room = width - first;
  for (const group of BY_IMPORTANCE) {
    const wanted = group.filter((name) => !hidden.has(set[name].id));
    const cells = wanted.reduce((sum, name) => sum + set[name].width + 1, 0);
    if (cells > room) continue;
    for (const name of wanted) names.add(name);
    room -= cells;
  }
  const shown = ORDER.filter((name) => names.has(name)).map((name) => set[name]);
  const isBehind = !isWide && !hidden.has('service');
  const port = portColumn(isWide ? PORT_WIDTH : first + room, isBehind);
  return hasService ? [port, serviceColumn(), ...shown] : [port, ...shown];
}

/** `withService`: its name stands behind the port. */
function portColumn(width: number, withService: boolean): PortColumn {
  return {
    id: 'port',
    title: 'Proto/Port',
    width,
    style: (row) => protocolStyle(row.protocol, row.ipProtocol),
    read: (row) => (withService ? `${portText(row)} ${serviceText(row)}`.trimEnd() : portText(row)),
  };
}

function serviceColumn(): PortColumn {
  return { id: 'service', title: 'Service', width: SERVICE_WIDTH, read: serviceText };
}

/** Columns that C can switch off, by id, with their titles. */
export const OPTIONAL_COLUMNS: readonly (readonly [id: string, title: string])[] = [
  ['service', 'Service name'],
  ['packets', 'Packets'],
  ['bytes', 'Bytes'],
  ['packets-to', 'Packets to the port'],
  ['bytes-to', 'Bytes to the port'],
  ['packets-from', 'Packets from the port'],
  ['bytes-from', 'Bytes from the port'],
  ['rate', 'Rate'],
  ['rate-to', 'Rate to the port'],
  ['rate-from', 'Rate from the port'],
  ['packet-rate', 'Packets per second'],
  ['conversations', 'Conversations'],
  ['average', 'Average size of a packet'],
  ['share', 'Share of the rate of all ports'],
];
