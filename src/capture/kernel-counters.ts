/**
 * The kernel's own counters of each interface: the yardstick for coverage. One read of /proc/net/dev answers for all
 * interfaces of this network namespace; /sys is asked only for what does not change.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Counters since the interface was made. Bytes are frames without their checksum. */
export interface KernelCounters {
  rxBytes: number;
  rxPackets: number;
  rxErrors: number;
  /** rx_dropped + rx_missed_errors: as /proc/net/dev adds them up. */
  rxDropped: number;
  txBytes: number;
  txPackets: number;
  txErrors: number;
  txDropped: number;
}

/** Counters of every interface, by name. `path` is /proc/net/dev but for tests. */
export function readKernelCounters(path = '/proc/net/dev'): Map<string, KernelCounters> {
  return parseKernelCounters(readFileSync(path, 'utf8'));
}

/**
 * Parses the text of /proc/net/dev: two header lines, then "name: rx bytes packets errs drop fifo frame compressed
 * multicast, tx bytes packets errs drop fifo colls carrier compressed".
 */
export function parseKernelCounters(text: string): Map<string, KernelCounters> {
  const counters = new Map<string, KernelCounters>();
  for (const line of text.split('\n')) {
    // A name may contain a colon (an alias): the last one ends it.
    const colon = line.lastIndexOf(':');
    if (colon === -1) continue;
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    if (fields.length < 16) continue;
    counters.set(line.slice(0, colon).trim(), {
      rxBytes: fields[0],
      rxPackets: fields[1],
      rxErrors: fields[2],
      rxDropped: fields[3],
      txBytes: fields[8],
      txPackets: fields[9],
      txErrors: fields[10],
      txDropped: fields[11],
    });
  }
  return counters;
}

/**
 * True where no hardware stands behind the interface: veth, bridge, loopback, tun, VLAN. A bond's counters are the sum of
 * its members': it is virtual when they are.
 */
export function isVirtual(name: string, sysClassNet = '/sys/class/net'): boolean {
  const hasDevice = (each: string): boolean => existsSync(join(sysClassNet, each, 'device'));
  return !hasDevice(name) && !bondMembers(join(sysClassNet, name)).some(hasDevice);
}

/** Linux: Documentation/networking/bonding.rst, "bonding/slaves". */
function bondMembers(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'bonding/slaves'), 'utf8')
      .split(/\s+/)
      .filter((member) => member !== '');
  } catch {
    return [];
  }
}

/**
 * Received packets that interfaces dropped since this was made. An interface that was made anew begins at zero again:
 * its former drops stay counted.
 */
export class InterfaceDropMeter {
  readonly #names: ReadonlySet<string> | null;
  readonly #read: () => Map<string, KernelCounters>;
  readonly #last = new Map<string, number>();
  #total = 0;

  /** `names`: the interfaces that count, null for all. */
  constructor(names: readonly string[] | null, read: () => Map<string, KernelCounters> = readKernelCounters) {
    this.#names = names === null ? null : new Set(names);
    this.#read = read;
    for (const [name, counters] of read()) this.#last.set(name, counters.rxDropped);
  }

  /** Reads the counters and answers with the sum. */
  total(): number {
    for (const [name, { rxDropped }] of this.#read()) {
      if (this.#names !== null && !this.#names.has(name)) continue;
      const last = this.#last.get(name) ?? 0;
      this.#total += rxDropped >= last ? rxDropped - last : rxDropped;
      this.#last.set(name, rxDropped);
    }
    return this.#total;
  }
}
