/** What the kernel says of every interface, for monitors: read again at most once a second. */
import { listInterfaces } from '../capture/interfaces.ts';
import { readKernelCounters } from '../capture/kernel-counters.ts';
import type { LinkView } from './messages.ts';

/** Milliseconds for which a reading is used again: several monitors and four pulls a second ask. */
const FRESH_MS = 900;

/** A function that gives the interfaces there are. Throws where /proc or /sys cannot be read. */
export function linkReader(): () => readonly LinkView[] {
  let links: readonly LinkView[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - readAt < FRESH_MS) return links;
    const counters = readKernelCounters();
    // The clock counts in milliseconds: in the next one the counters had certainly been read.
    const time = (Date.now() + 1) / 1000;
    links = listInterfaces().map((info) => ({
      name: info.name,
      index: info.index,
      up: info.up,
      running: info.running,
      addresses: info.addresses,
      mac: info.mac,
      mtu: info.mtu,
      speed: info.speed,
      kind: info.kind,
      master: info.master,
      lower: info.lower,
      virtual: info.virtual,
      kernel: counters.get(info.name) ?? null,
      readAt: time,
    }));
    readAt = performance.now();
    return links;
  };
}
