/** What every monitor's screen is made with: the command line and the settings, as far as they concern what is shown. */
import type { RateFormat } from '../src/base/format.ts';

/** Where the names of addresses come from (src/names/name-cache.ts). */
export interface NameSource {
  /** Known name or null; may begin to find out. */
  lookup(address: string): string | null;
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
}
