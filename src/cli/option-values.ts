/** What the options mean, as the rest of the program reads them: one field for each line of the option table. */
import type { IpTrafficSort } from '../../screens/ip-traffic/types.ts';

export interface OptionValues {
  /** Interface arguments as given; '' stands for the interface of the default route; null: -i was not given. */
  interfaces: string[] | null;
  readFile: string | null;
  writeFile: string | null;
  expression: string | null;
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
  sort: IpTrafficSort | null;
  names: boolean;
  bytes: 'ip' | 'wire' | null;
  logFile: string | null;
  /** '' = -f without a value: remove what dead instances left. */
  facility: string | null;
  logIntervalMinutes: number | null;
  background: boolean;
  foreground: boolean;
  minutes: number | null;
  help: boolean;
  version: boolean;
}
