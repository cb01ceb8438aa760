/** What the kernel says of an interface, as monitors get it (MonitorContext.links) and screens show it. */
import type { KernelCounters } from '../capture/kernel-counters.ts';

/** An interface as the kernel describes it, with the kernel's own counters. */
export interface LinkView {
  name: string;
  /** Kernel's index; 0 where /sys does not have the interface. */
  index: number;
  /** Administratively up. */
  up: boolean;
  /** Up, and there is a carrier. */
  running: boolean;
  /** With prefix length. */
  addresses: string[];
  mac: string | null;
  /** Bytes; 0 = unknown. */
  mtu: number;
  /** Mbit/s, or null where the kernel does not know. */
  speed: number | null;
  /** Driver of the card, else the kind of virtual interface: "bridge", "veth", "loopback". */
  kind: string;
  /** Bridge or bond that this one belongs to, or null. */
  master: string | null;
  /** Interfaces that this one sits on. */
  lower: string[];
  /** No card stands behind it: the kernel counts buffers here, and not the packets they would be on a wire. */
  virtual: boolean;
  /** Since the interface was made; null where /proc/net/dev does not have it. */
  kernel: KernelCounters | null;
  /** `kernel` was read before this moment, and not long before: wall clock, seconds since 1970. */
  readAt: number;
}
