/** Where no packets are captured (-u), only what the kernel counts is known: frames and their bytes. */
import type { SourceOptions } from './messages.ts';

/** false: what is in frames is not known. */
export function seesPackets(source: SourceOptions): boolean {
  return source.kind === 'file' || source.capture !== 'counters';
}

/** The kernel does not count the bytes of IP packets. */
export function framesAlone<Counts extends { ipBytes: number | null }>(counts: Counts | null): Counts | null {
  return counts === null ? null : { ...counts, ipBytes: null };
}

export function frameRatesAlone<Rates extends { bytesPerSecond: number | null }>(rates: Rates | null): Rates | null {
  return rates === null ? null : { ...rates, bytesPerSecond: null };
}
