/**
 * What this process may do (capabilities(7)), as the kernel says it in /proc/self/status.
 */
import { readFileSync } from 'node:fs';

/** Bit numbers (linux/capability.h). */
export const CAPABILITY = {
  setGid: 6,
  setUid: 7,
  setPcap: 8,
  netAdmin: 12,
  netRaw: 13,
  sysPtrace: 19,
  sysAdmin: 21,
  bpf: 39,
} as const;

/** Whether the capability is in the effective set. `status` is the text of /proc/self/status. */
export function hasCapability(bit: number, status = readFileSync('/proc/self/status', 'latin1')): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(status);
  return line !== null && ((BigInt(`0x${line[1]}`) >> BigInt(bit)) & 1n) === 1n;
}
