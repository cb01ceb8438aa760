/** The monitors there are: a new one is a new folder in screens/ and one line here. */
import { DetailedMonitor } from '../../screens/detailed/monitor.ts';
import { GeneralMonitor } from '../../screens/general/monitor.ts';
import { HostPairsMonitor } from '../../screens/host-pairs/monitor.ts';
import { IpTrafficMonitor } from '../../screens/ip-traffic/monitor.ts';
import { LanStationsMonitor } from '../../screens/lan-stations/monitor.ts';
import { PacketSizesMonitor } from '../../screens/packet-sizes/monitor.ts';
import { PortsMonitor } from '../../screens/ports/monitor.ts';
import type { Monitor, MonitorName } from './monitor.ts';

const MAKE: Partial<Record<MonitorName, () => Monitor>> = {
  'ip-traffic': () => new IpTrafficMonitor(),
  general: () => new GeneralMonitor(),
  detailed: () => new DetailedMonitor(),
  'packet-sizes': () => new PacketSizesMonitor(),
  ports: () => new PortsMonitor(),
  'lan-stations': () => new LanStationsMonitor(),
  'host-pairs': () => new HostPairsMonitor(),
};

/** Makes the monitors of these names. */
export function makeMonitors(names: readonly MonitorName[]): Monitor[] {
  return names.map((name) => {
    const make = MAKE[name];
    if (make === undefined) throw new Error(`no such monitor: ${name}`);
    return make();
  });
}
