/** What the LAN station monitor writes to a log: one line for each station and interface, then for each group. */
import type { SnapshotHead } from '../../src/engine/messages.ts';
import type { MonitorLog } from '../../src/logs/monitor-log.ts';
import {
  averageText,
  countsText,
  kbps,
  logName,
  StatisticsLog,
  type StatisticsMonitor,
} from '../../src/logs/statistics-log.ts';
import { type Descriptions, StationNames } from './names.ts';
import { lanStationsOutput } from './output.ts';
import type { LanStationRow, LanStationsExtra, StationCounts } from './types.ts';

function side(name: string, counts: StationCounts, { elapsedSeconds }: SnapshotHead): string {
  return `${name} ${countsText(counts)}, ${counts.ipPackets} IP packets, ${averageText(counts, elapsedSeconds)}`;
}

class StationRecords implements StatisticsMonitor<LanStationRow> {
  readonly monitor = 'lan-stations';
  readonly label = 'LAN station monitor';
  readonly query = {
    sort: 'bytes',
    descending: true,
    offset: 0,
    limit: 0,
    follow: null,
    options: { panel: 'all', byteKind: 'ip', search: null },
  };
  readonly #names: StationNames;

  constructor(names: StationNames) {
    this.#names = names;
  }

  head({ extra }: { extra: Record<string, unknown> }): { fields: string[]; facts: object } {
    const { stations, groups, evicted, withoutAddresses } = extra as unknown as LanStationsExtra;
    const fields = [`${stations} stations, ${groups} groups`];
    if (evicted.stations > 0) fields.push(`evicted ${evicted.stations} stations`);
    if (withoutAddresses.packets > 0) fields.push(`without MAC ${countsText(withoutAddresses)}`);
    return { fields, facts: { ...lanStationsOutput.totals?.(extra) } };
  }

  row(row: LanStationRow, head: SnapshotHead): ReturnType<StatisticsMonitor<LanStationRow>['row']> {
    row.description = this.#names.description(row.mac);
    const [incoming, outgoing] = row.bytesPerSecond;
    return {
      interface: row.interface,
      fields: [
        [row.mac, ...this.#words(row)].join(' '),
        side('in', row.in, head),
        side('out', row.out, head),
        `now ${kbps(incoming)} in, ${kbps(outgoing)} out`,
      ],
      facts: lanStationsOutput.json(row),
    };
  }

  /** What it is, what the operator calls it, who made it. */
  #words({ kind, mac, description }: LanStationRow): string[] {
    const known = [description, this.#names.vendorOrLocal(mac)].filter((word) => word !== null);
    return [...(kind === 'group' ? ['group'] : []), ...(known.length > 0 ? [`(${logName(known.join(', '))})`] : [])];
  }
}

/** `interfaceName`: of what is watched. `names`: the operator's own descriptions change while the log runs. */
export function lanStationsLog(interfaceName: string, descriptions: Descriptions): MonitorLog {
  return new StatisticsLog(new StationRecords(new StationNames({ descriptions })), interfaceName);
}
