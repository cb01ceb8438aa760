/** The list of monitors that can be logged. A new monitor is one line here. */
import { detailedLog } from '../../screens/detailed/log.ts';
import { generalLog } from '../../screens/general/log.ts';
import { hostPairsLog } from '../../screens/host-pairs/log.ts';
import { IpTrafficLog } from '../../screens/ip-traffic/log.ts';
import { lanStationsLog } from '../../screens/lan-stations/log.ts';
import { packetSizesLog } from '../../screens/packet-sizes/log.ts';
import { portsLog } from '../../screens/ports/log.ts';
import type { MonitorName } from '../engine/monitor.ts';
import type { MonitorLog } from './monitor-log.ts';

export interface MonitorLogOptions {
  /** Name of what is watched. */
  interface: string;
  /** Seconds over which short conversations other than TCP are summed up; null: each has its record. */
  flowsSeconds: number | null;
  /** The operator's own names of stations as they are now, by MAC address. */
  descriptions(): Readonly<Record<string, string>>;
}

const LOGS: Partial<Record<MonitorName, (options: MonitorLogOptions) => MonitorLog>> = {
  'ip-traffic': (options) => new IpTrafficLog({ interface: options.interface, flowsSeconds: options.flowsSeconds }),
  general: (options) => generalLog(options.interface),
  detailed: (options) => detailedLog(options.interface),
  'packet-sizes': (options) => packetSizesLog(options.interface),
  ports: (options) => portsLog(options.interface),
  'host-pairs': (options) => hostPairsLog(options.interface),
  'lan-stations': (options) => lanStationsLog(options.interface, options.descriptions),
};

/** The log of a monitor, which begins now. */
export function monitorLog(monitor: MonitorName, options: MonitorLogOptions): MonitorLog {
  const make = LOGS[monitor];
  if (make === undefined) throw new Error(`monitor ${monitor} has no log`);
  return make(options);
}
