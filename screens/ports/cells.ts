/** Cells of the port monitor: names of ports, figures of the kind that is shown, the line below the table. Pure. */
import { formatBytes, formatCount, formatPacketRate, formatRate, type RateFormat } from '../../src/base/format.ts';
import { protocolName } from '../../src/names/protocols.ts';
import { serviceName } from '../../src/names/services.ts';
import type { Figure } from '../kit/figures.ts';
import type { PortCounts, PortExtra, PortRates, PortRow } from './types.ts';

/** Everything beside the row that decides what a cell says. */
export interface PortsView {
  byteKind: 'ip' | 'wire';
  rate: RateFormat;
  /** Rate of all ports together, bytes per second. */
  totalRate: number | null;
}

/** "TCP/443". */
export function portText({ protocol, ipProtocol, port }: PortRow): string {
  return `${protocolName(protocol, ipProtocol, null)}/${port}`;
}

/** The service's name, "" where there is none. */
export function serviceText({ protocol, port }: PortRow): string {
  return port === 0 ? 'no port seen' : (serviceName(port, protocol) ?? '');
}

/** Bytes of the kind that is shown. */
export function shownBytes({ ipBytes, wireBytes }: PortCounts, { byteKind }: PortsView): number {
  return byteKind === 'wire' ? wireBytes : ipBytes;
}

/** Rate of that kind. */
export function shownRate(rates: PortRates, { byteKind }: PortsView): number | null {
  return byteKind === 'wire' ? rates.wireBytesPerSecond : rates.bytesPerSecond;
}

/** The marked port's rates, as iptraf-ng has them, then all ports together. */
export function footerFigures(row: PortRow | null, extra: PortExtra, view: PortsView): Figure[] {
  const rate = (rates: PortRates): string => formatRate(shownRate(rates, view), view.rate);
  const figures: Figure[] = [];
  if (row !== null) {
    figures.push(
      { label: portText(row), value: rate(row.total) },
      { label: 'to', value: rate(row.to) },
      { label: 'from', value: rate(row.from) },
    );
  }
  return [
    ...figures,
    { label: 'All', value: rate(extra) },
    { label: view.byteKind === 'wire' ? 'Wire' : 'IP', value: formatBytes(shownBytes(extra, view), view.rate.base) },
    { label: 'Packets', value: formatCount(extra.packets) },
    { label: 'pkt/s', value: formatPacketRate(extra.packetsPerSecond) },
    { label: 'Conversations', value: formatCount(extra.conversations) },
  ];
}
