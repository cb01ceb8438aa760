/** Cells of the LAN station monitor: what columns, details and footers say of a station. Pure. */
import { DEFAULT_RATE_FORMAT, formatBytes, formatCount, formatRate, type RateFormat } from '../../src/base/format.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Figure } from '../kit/figures.ts';
import { clipText } from '../kit/text.ts';
import type { MonitorScreenOptions, NameSource } from '../monitor-screen.ts';
import { shownName } from '../shown-name.ts';
import { type StationNameSources, StationNames } from './names.ts';
import type { LanStationRow, LanStationsExtra, StationCounts, StationRates } from './types.ts';

/** Everything beside the row that decides what a cell says. */
export interface LanStationsView {
  stations: StationNames;
  names: NameSource;
  /** Names of IP addresses in their place. */
  showNames: boolean;
  byteKind: 'ip' | 'wire';
  rate: RateFormat;
  /** Engine time of the snapshot, seconds since 1970. */
  time: number;
  /** Rate of everything together, bytes per second. */
  totalRate: number | null;
  /** Longest interface name there is. */
  interfaceWidth: number;
  severalInterfaces: boolean;
  /** What the rows are ordered by. */
  sort: string;
}

export function viewOf(options: MonitorScreenOptions, sources: StationNameSources): LanStationsView {
  return {
    stations: new StationNames({ descriptions: options.descriptions, ...sources }),
    names: options.names,
    showNames: options.showNames ?? false,
    byteKind: options.byteKind ?? 'ip',
    rate: options.rate ?? DEFAULT_RATE_FORMAT,
    time: 0,
    totalRate: null,
    interfaceWidth: 6,
    severalInterfaces: false,
    sort: '',
  };
}

/** The view with what a snapshot tells. */
export function learn(view: LanStationsView, { time, totals, interfaces }: Snapshot): LanStationsView {
  return {
    ...view,
    time,
    totalRate: view.byteKind === 'wire' ? totals.wireBytesPerSecond : totals.bytesPerSecond,
    interfaceWidth: interfaces.reduce((width, { name }) => Math.max(width, name.length), 6),
    severalInterfaces: interfaces.length > 1,
  };
}

export function shownBytes(counts: StationCounts, byteKind: 'ip' | 'wire'): number {
  return byteKind === 'wire' ? counts.wireBytes : counts.ipBytes;
}

export function shownRates(row: LanStationRow, byteKind: 'ip' | 'wire'): StationRates {
  return byteKind === 'wire' ? row.wireBytesPerSecond : row.bytesPerSecond;
}

/** The share of a rate in the whole, 0 where either is not known. */
export function rateShare(rate: number | null, total: number | null): number {
  return rate === null || total === null || total <= 0 ? 0 : rate / total;
}

/** What the operator calls it, else who made it; "" where neither is known. */
export function nameOf(row: LanStationRow, { stations }: LanStationsView): string {
  return stations.description(row.mac) ?? stations.vendorOrLocal(row.mac) ?? '';
}

/** An IP address, or its name where names are shown and known. */
export function addressName(address: string, { names, showNames }: LanStationsView): string {
  return (showNames ? shownName(names, address) : null) ?? address;
}

/**
 * The addresses behind a station in at most `width` cells: as many as fit, and how many more there are. Of a station with
 * more than are listed (a router shows whom it forwards for) only their number is told: the list changes all the time.
 */
export function addressesText(row: LanStationRow, view: LanStationsView, width: number): string {
  const { addresses, addressesTotal: total } = row;
  if (total > addresses.length) return `${totalText(row)} addresses`;
  let text = '';
  for (const [i, address] of addresses.entries()) {
    const rest = total - i - 1;
    const longer = (i === 0 ? '' : `${text}, `) + addressName(address, view);
    const suffix = rest === 0 ? '' : ` +${rest}`;
    if (longer.length + suffix.length > width) {
      const more = total - i;
      return i === 0 ? clipText(longer, width - suffix.length) + suffix : `${text} +${more}`;
    }
    text = longer;
  }
  return text;
}

/** "5312", or "more than 262144" where not all could be remembered. */
export function totalText({ addressesTotal, addressesExact }: LanStationRow): string {
  return addressesExact ? formatCount(addressesTotal) : `over ${formatCount(addressesTotal)}`;
}

/** The line of figures below stations and groups. */
export function footerFigures(snapshot: Snapshot, view: LanStationsView): Figure[] {
  const { totals } = snapshot;
  const { evicted, withoutAddresses } = snapshot.extra as unknown as LanStationsExtra;
  const isWire = view.byteKind === 'wire';
  const bytes = (value: number | null): string => formatBytes(value, view.rate.base);
  const figures: Figure[] = [
    { label: isWire ? 'Wire' : 'IP', value: bytes(isWire ? totals.wireBytes : totals.ipBytes) },
    {
      label: 'Rate',
      value: formatRate(isWire ? totals.wireBytesPerSecond : totals.bytesPerSecond, view.rate),
    },
    { label: 'Packets', value: formatCount(totals.packets) },
  ];
  if (evicted.stations > 0) figures.unshift({ label: 'Evicted (table full)', value: formatCount(evicted.stations) });
  if (withoutAddresses.packets > 0) {
    figures.push({ label: 'Without MAC', value: formatCount(withoutAddresses.packets) });
  }
  figures.push({ label: isWire ? 'IP' : 'Wire', value: bytes(isWire ? totals.ipBytes : totals.wireBytes) });
  return figures;
}

/** Said where there are no stations. */
export function noStationsText(snapshot: Snapshot | null): string {
  const extra = snapshot?.extra as unknown as LanStationsExtra | undefined;
  if (extra === undefined) return '';
  const why = 'loopback and tunnels have no MAC addresses, so there are no stations';
  return extra.isWithoutMacs || extra.withoutAddresses.packets > 0 ? why : 'no station seen yet';
}
