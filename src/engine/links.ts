/** What the kernel says of every interface, for monitors: read again at most once a second. */
import { withDriverNames } from '../capture/driver-names.ts';
import { listInterfaces } from '../capture/interfaces.ts';
import { readKernelCounters } from '../capture/kernel-counters.ts';
import type { LinkView } from './link-view.ts';

/** Milliseconds for which a reading is used again: several monitors and four pulls a second ask. */
const FRESH_MS = 900;
/**
 * Where there are very many interfaces, reading them takes long, and capture waits meanwhile: at most a twentieth of the
 * time is spent on it, as long as an interface that comes or goes is seen within two seconds.
 */
const READING_SHARE = 1 / 20;
const LATEST_MS = 1900;

/** A function that gives the interfaces there are; those of the last reading while /proc or /sys cannot be read. */
export function linkReader(): () => readonly LinkView[] {
  let links: readonly LinkView[] = [];
  let freshUntil = Number.NEGATIVE_INFINITY;
  return () => {
    const began = performance.now();
    if (began < freshUntil) return links;
    links = readLinks() ?? links;
    const ended = performance.now();
    freshUntil = ended + Math.min(LATEST_MS, Math.max(FRESH_MS, (ended - began) / READING_SHARE));
    return links;
  };
}

/** null: not readable now (too many open files). */
function readLinks(): LinkView[] | null {
  try {
    const counters = readKernelCounters();
    // The clock counts in milliseconds: in the next one the counters had certainly been read.
    const readAt = (Date.now() + 1) / 1000;
    return withDriverNames((driver) => listInterfaces({ driver })).map((info) => ({
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
      readAt,
    }));
  } catch {
    return null;
  }
}
