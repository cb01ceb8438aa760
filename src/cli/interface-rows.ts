/** Rows of the interface picker: what the system says of each interface, with rates from the kernel's own counters. */
import type { InterfacePickerRow } from '../../screens/interfaces/screen.ts';
import { type InterfaceInfo, listInterfaces } from '../capture/interfaces.ts';
import { type KernelCounters, readKernelCounters } from '../capture/kernel-counters.ts';

interface Reading {
  seconds: number;
  counters: Map<string, KernelCounters>;
}

/** Returns a function that reads the interfaces anew at each call; rates are over the time between two calls. */
export function interfaceRowReader(): () => InterfacePickerRow[] {
  let before: Reading | null = null;
  return () => {
    const now: Reading = { seconds: performance.now() / 1000, counters: readKernelCounters() };
    const rows = listInterfaces().map((info) => row(info, before, now));
    before = now;
    return rows;
  };
}

function row(info: InterfaceInfo, before: Reading | null, now: Reading): InterfacePickerRow {
  return {
    name: info.name,
    up: info.up,
    note: note(info),
    addresses: info.addresses.map((address) => address.replace(/\/.*/, '')),
    speedMegabits: info.speed,
    bytesPerSecond: [rate(info.name, 'rxBytes', before, now), rate(info.name, 'txBytes', before, now)],
  };
}

function note({ up, running, loopback, master, kind }: InterfaceInfo): string {
  if (up && !running) return 'no carrier';
  if (loopback) return 'loopback';
  return master === null ? kind : `member of ${master}`;
}

/** An interface that was made anew between the readings counts from 0 again: its rate is not known yet. */
function rate(name: string, counter: 'rxBytes' | 'txBytes', before: Reading | null, now: Reading): number | null {
  const first = before?.counters.get(name)?.[counter];
  const second = now.counters.get(name)?.[counter];
  if (before === null || first === undefined || second === undefined || second < first) return null;
  const seconds = now.seconds - before.seconds;
  return seconds > 0 ? (second - first) / seconds : null;
}
