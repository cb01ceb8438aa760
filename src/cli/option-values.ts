/** What the options mean, as the rest of the program reads them: one field for each line of the option table. */
import type { PreparedNetwork } from '../../filters/prepared.ts';

export interface OptionValues {
  /** Monitors: interface arguments as given; '' stands for the interface of the default route; null: not given. */
  ipTraffic: string[] | null;
  general: boolean;
  detailed: string[] | null;
  packetSizes: string[] | null;
  ports: string[] | null;
  lanStations: string[] | null;
  readFile: string | null;
  writeFile: string | null;
  expression: string | null;
  /** Name of a stored or ready-made filter. */
  filter: string | null;
  /** Networks that are ours. */
  local: PreparedNetwork[] | null;
  capture: 'auto' | 'ring' | 'pcap' | null;
  snaplen: number | null;
  promiscuous: boolean;
  physical: boolean;
  text: boolean;
  json: boolean;
  csv: boolean;
  everySeconds: number | null;
  forSeconds: number | null;
  limit: number | null;
  /** A column of the monitor that is named. */
  sort: string | null;
  names: boolean;
  bytes: 'ip' | 'wire' | null;
  logFile: string | null;
  /** '' = -f without a value: remove what dead instances left. */
  facility: string | null;
  logIntervalMinutes: number | null;
  background: boolean;
  foreground: boolean;
  minutes: number | null;
  /** filter add: what the new filter is for. */
  description: string | null;
  help: boolean;
  version: boolean;
}
