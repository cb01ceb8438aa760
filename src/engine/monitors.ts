/** The monitors there are: a new one is a new folder in screens/ and one line here. */
import { IpTrafficMonitor } from '../../screens/ip-traffic/monitor.ts';
import type { Monitor, MonitorName } from './monitor.ts';

const MAKE: Partial<Record<MonitorName, () => Monitor>> = {
  'ip-traffic': () => new IpTrafficMonitor(),
};

/** Makes the monitors of these names. */
export function makeMonitors(names: readonly MonitorName[]): Monitor[] {
  return names.map((name) => {
    const make = MAKE[name];
    if (make === undefined) throw new Error(`no such monitor: ${name}`);
    return make();
  });
}
