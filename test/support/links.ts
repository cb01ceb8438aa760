/** Interfaces as the kernel describes them, for tests. */
import type { KernelCounters } from '../../src/capture/kernel-counters.ts';
import type { LinkView } from '../../src/engine/link-view.ts';

const NOTHING: KernelCounters = {
  rxBytes: 0,
  rxPackets: 0,
  rxErrors: 0,
  rxDropped: 0,
  txBytes: 0,
  txPackets: 0,
  txErrors: 0,
  txDropped: 0,
};

/** An interface that is up, whose counters are 0 where `kernel` does not say otherwise. */
export function linkView(name: string, parts: Partial<LinkView> = {}, kernel: Partial<KernelCounters> = {}): LinkView {
  return {
    name,
    index: 2,
    up: true,
    running: true,
    addresses: [],
    mac: null,
    mtu: 1500,
    speed: null,
    kind: 'veth',
    master: null,
    lower: [],
    virtual: true,
    kernel: { ...NOTHING, ...kernel },
    readAt: 0,
    ...parts,
  };
}
