/** What every monitor's screen is made with: the command line and the settings, as far as they concern what is shown. */
import type { RateFormat } from '../src/base/format.ts';
import type { PairsView } from './host-pairs/view.ts';

/** Where the names of addresses come from (src/names/address-names.ts). */
export interface NameSource {
  /** Known name or null; may begin to find out. */
  lookup(address: string): string | null;
  /** Whether that name was seen on the wire: screens mark it (shown-name.ts). Absent: none was. */
  isObserved?(address: string): boolean;
  /** Addresses whose known name is meant, at most `limit`. */
  addressesMatching(isMeant: (name: string) => boolean, limit: number): string[];
}

export interface MonitorScreenOptions {
  /** What is watched, for the title line: an interface, "all interfaces", a file. */
  watched: string;
  names: NameSource;
  rate?: RateFormat;
  byteKind?: 'ip' | 'wire';
  showNames?: boolean;
  showServices?: boolean;
  /** The IP traffic monitor begins with source MAC addresses. */
  showSourceMacs?: boolean;
  /** The operator's own names of stations as they are now, by MAC address (lower case, colons). */
  descriptions?(): Readonly<Record<string, string>>;
  /** Order at first, one of the monitor's sorts; absent: the monitor's own choice. */
  sort?: string;
  /** How the host pair monitor shows its rows at first; what is absent is as in DEFAULT_PAIRS_VIEW. */
  pairs?: Partial<PairsView>;
  /** The capture expression in force, or null; absent: there is none. */
  expression?(): string | null;
}
