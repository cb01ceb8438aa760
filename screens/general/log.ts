/**
 * What the general interface statistics write to a log: one line for each interface, with what was captured beside what
 * the kernel counted.
 */
import type { MonitorLog } from '../../src/logs/monitor-log.ts';
import { averageOf, countsText, kbps, StatisticsLog, type StatisticsMonitor } from '../../src/logs/statistics-log.ts';
import { generalOutput } from './output.ts';
import type { GeneralCounts, GeneralRow, KernelSince } from './types.ts';

function counts(name: string, value: GeneralCounts | null): string {
  return value === null ? `${name} unknown` : `${name} ${countsText(value)}`;
}

/** "bad": what the kernel calls errors. That word is for what failed: operators search their logs for it. */
function kernelText(kernel: KernelSince | null): string {
  if (kernel === null) return 'kernel unknown';
  const { rxPackets, rxBytes, rxErrors, rxDropped, txPackets, txBytes, txErrors, txDropped } = kernel;
  const received = `rx ${rxPackets} packets, ${rxBytes} bytes, ${rxErrors} bad, ${rxDropped} dropped`;
  return `kernel ${received}, tx ${txPackets} packets, ${txBytes} bytes, ${txErrors} bad, ${txDropped} dropped`;
}

/** Rates since the last block need the bytes of then. */
class GeneralRecords implements StatisticsMonitor<GeneralRow> {
  readonly monitor = 'general';
  readonly label = 'General interface statistics';
  readonly query = {
    sort: 'interface',
    descending: false,
    offset: 0,
    limit: 0,
    follow: null,
    options: { search: null, minute: null },
  };
  /** By interface, at the last block. */
  readonly #last = new Map<string, { elapsed: number; bytes: number }>();

  head(): { fields: string[]; facts: object } {
    return { fields: [], facts: {} };
  }

  row(
    row: GeneralRow,
    { elapsedSeconds }: { elapsedSeconds: number },
  ): ReturnType<StatisticsMonitor<GeneralRow>['row']> {
    const average = row.total === null ? null : averageOf(row.total, elapsedSeconds);
    const sinceLastBlock = this.#sinceLastBlock(row, elapsedSeconds);
    const peak = row.peak === null ? null : (row.peak.bytesPerSecond ?? row.peak.wireBytesPerSecond);
    return {
      interface: row.interface,
      fields: [
        row.total === null ? 'packets unknown' : countsText(row.total),
        counts('IPv4', row.ipv4),
        counts('IPv6', row.ipv6),
        counts('non-IP', row.nonIp),
        counts('in', row.incoming),
        counts('out', row.outgoing),
        `bad IP checksums ${row.checksumErrors ?? 'unknown'}, malformed ${row.malformed ?? 'unknown'}`,
        `average ${kbps(average)}, peak ${kbps(peak)}, last interval ${kbps(sinceLastBlock)}`,
        kernelText(row.kernel),
        `missed ${row.missed ?? 'unknown'}`,
      ],
      facts: {
        ...generalOutput.json(row),
        averageBytesPerSecond: whole(average),
        peakBytesPerSecond: whole(peak),
        lastIntervalBytesPerSecond: whole(sinceLastBlock),
      },
    };
  }

  /** Bytes per second since the last block, or since the start or the operator's last reset. */
  #sinceLastBlock({ interface: name, total }: GeneralRow, elapsed: number): number | null {
    if (total === null) return null;
    const before = this.#last.get(name);
    const from = before !== undefined && before.elapsed < elapsed ? before : { elapsed: 0, bytes: 0 };
    const bytes = total.ipBytes ?? total.wireBytes;
    this.#last.set(name, { elapsed, bytes });
    return elapsed > from.elapsed ? (bytes - from.bytes) / (elapsed - from.elapsed) : null;
  }
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

/** `interfaceName`: of what is watched. */
export function generalLog(interfaceName: string): MonitorLog {
  return new StatisticsLog(new GeneralRecords(), interfaceName);
}
