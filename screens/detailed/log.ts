/**
 * What the detailed interface statistics write to a log: averages, peaks and the kernel's figures, then one line for each
 * class of traffic.
 */
import type { Snapshot } from '../../src/engine/messages.ts';
import type { MonitorLog } from '../../src/logs/monitor-log.ts';
import { countsText, kbps, StatisticsLog, type StatisticsMonitor } from '../../src/logs/statistics-log.ts';
import { detailedOutput } from './output.ts';
import type {
  DetailedClass,
  DetailedCounts,
  DetailedExtra,
  DetailedRateFigures,
  DetailedRates,
  DetailedRow,
  KernelFigures,
} from './types.ts';

/** As iptraf-ng calls them. */
const CLASS_WORDS: Record<DetailedClass, string> = {
  total: 'Total',
  ipv4: 'IPv4',
  ipv6: 'IPv6',
  tcp: 'TCP',
  udp: 'UDP',
  icmp: 'ICMP',
  otherIp: 'Other IP',
  nonIp: 'Non-IP',
  broadcast: 'Broadcast',
  multicast: 'Multicast',
};

function rate(rates: DetailedRates | null): string {
  if (rates === null) return 'unknown';
  const { bytesPerSecond, wireBytesPerSecond, packetsPerSecond } = rates;
  return `${kbps(bytesPerSecond ?? wireBytesPerSecond)} ${packetsPerSecond.toFixed(0)} pps`;
}

function figures(name: string, { total, incoming, outgoing, broadcast, multicast }: DetailedRateFigures): string {
  const directions = `${name} ${rate(total)}, in ${rate(incoming)}, out ${rate(outgoing)}`;
  return `${directions}, broadcast ${rate(broadcast)}, multicast ${rate(multicast)}`;
}

/** "bad": what the kernel calls errors. That word is for what failed: operators search their logs for it. */
function kernelText(kernel: KernelFigures | null): string[] {
  if (kernel === null) return [];
  const { rxPackets, rxBytes, rxErrors, rxDropped, txPackets, txBytes, txErrors, txDropped, missed } = kernel;
  const received = `rx ${rxPackets} packets, ${rxBytes} bytes, ${rxErrors} bad, ${rxDropped} dropped`;
  const sent = `tx ${txPackets ?? 'unknown'} packets, ${txBytes ?? 'unknown'} bytes, ${txErrors} bad, ${txDropped} dropped`;
  return [`kernel ${received}, ${sent}`, `missed ${missed ?? 'unknown'}`];
}

function direction(name: string, value: DetailedCounts | null): string {
  return value === null ? `${name} unknown` : `${name} ${countsText(value)}`;
}

const records: StatisticsMonitor<DetailedRow> = {
  monitor: 'detailed',
  label: 'Detailed interface statistics',
  query: {
    sort: null,
    descending: false,
    offset: 0,
    limit: 0,
    follow: null,
    options: { interface: null, history: null },
  },
  head({ extra }: Snapshot) {
    const { averages, peaks, ipChecksumErrors, kernel } = extra as unknown as DetailedExtra;
    return {
      fields: [
        figures('average', averages),
        figures('peak', peaks),
        `bad IP checksums ${ipChecksumErrors ?? 'unknown'}`,
        ...kernelText(kernel),
      ],
      facts: { ...detailedOutput.totals?.(extra) },
    };
  },
  row(row) {
    const rates = row.rates;
    const now = `now ${rate(rates.total)}, in ${rate(rates.incoming)}, out ${rate(rates.outgoing)}`;
    return {
      fields: [
        CLASS_WORDS[row.class],
        countsText(row.total),
        direction('in', row.incoming),
        direction('out', row.outgoing),
        now,
      ],
      facts: detailedOutput.json(row),
    };
  },
};

/** `interfaceName`: of what is watched; of several it is their sum. */
export function detailedLog(interfaceName: string): MonitorLog {
  return new StatisticsLog(records, interfaceName);
}
