/** What the options mean, as the rest of the program reads them: one field for each line of the option table. */
import type { PreparedNetwork } from '../../filters/prepared.ts';
import type { AlertRule } from '../alerts/alert.ts';

export interface OptionValues {
  /** Monitors: interface arguments as given; '' stands for the interface of the default route; null: not given. */
  ipTraffic: string[] | null;
  general: boolean;
  detailed: string[] | null;
  packetSizes: string[] | null;
  ports: string[] | null;
  lanStations: string[] | null;
  pairs: string[] | null;
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
  logFormat: 'text' | 'json' | null;
  /** Seconds over which short conversations other than TCP are summed up in the log. */
  logFlowsSeconds: number | null;
  /** Rotation from inside: bytes and seconds after which the file is put aside, and how many of them are kept. */
  logMaxBytes: number | null;
  logMaxAgeSeconds: number | null;
  logKeep: number | null;
  alerts: AlertRule[] | null;
  /** A command line of the operator's, run by the shell at the begin and end of an alert. */
  onAlert: string | null;
  /** File in node_exporter's textfile format. */
  prometheusFile: string | null;
  background: boolean;
  foreground: boolean;
  minutes: number | null;
  /** Without privileges: only what the kernel counts. */
  unprivileged: boolean;
  /** Whom the program becomes once everything is open. */
  user: string | null;
  /** report: records from and to this moment (seconds since 1970), and as a page for a browser. */
  from: number | null;
  to: number | null;
  html: boolean;
  /** filter add: what the new filter is for. */
  description: string | null;
  help: boolean;
  version: boolean;
}
