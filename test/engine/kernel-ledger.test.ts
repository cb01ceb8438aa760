import { beforeEach, describe, expect, it } from 'vitest';
import type { KernelCounters } from '../../src/capture/kernel-counters.ts';
import { type CapturedCounts, KernelLedger } from '../../src/engine/kernel-ledger.ts';
import { linkView } from '../support/links.ts';

let ledger: KernelLedger;
let time: number;
beforeEach(() => {
  ledger = new KernelLedger();
  time = 1000;
});

/** A reading a second after the last one, compared at once. */
function read(kernel: Partial<KernelCounters>, captured: [number, number | null], index = 2): void {
  const counts: CapturedCounts = {
    inPackets: captured[0],
    inBytes: captured[0] * 100,
    outPackets: captured[1],
    outBytes: captured[1] === null ? null : captured[1] * 100,
  };
  ledger.read([linkView('eth0', { index, readAt: time++ }, kernel)]);
  ledger.settle(() => counts);
}

describe('the kernel ledger', () => {
  it('counts from its baseline on; what was captured before it counts for both', () => {
    read({ rxPackets: 5010, rxBytes: 9_001_000, txPackets: 70, rxErrors: 4, rxDropped: 3 }, [10, 0]);
    expect(ledger.accountOf('eth0')?.kernel).toMatchObject({ rxPackets: 10, rxBytes: 1000, rxErrors: 0, rxDropped: 0 });
    read({ rxPackets: 5110, rxBytes: 9_011_000, txPackets: 90, rxErrors: 5, rxDropped: 3 }, [110, 20]);
    expect(ledger.accountOf('eth0')).toMatchObject({
      kernel: { rxPackets: 110, rxBytes: 11_000, txPackets: 20, rxErrors: 1, rxDropped: 0 },
      captured: { inPackets: 110, outPackets: 20 },
      missed: 0,
    });
    expect(ledger.accountOf('eth1')).toBeNull();
  });

  it('tells what was missed in each direction; what was captured beyond it makes up for nothing', () => {
    read({ rxPackets: 100 }, [0, 0]);
    read({ rxPackets: 200, txPackets: 50 }, [90, 70]);
    expect(ledger.accountOf('eth0')?.missed).toBe(10);
  });

  it('does not take what is on its way for missed', () => {
    read({}, [0, 0]);
    read({ rxPackets: 100_000 }, [99_800, 0]);
    expect(ledger.accountOf('eth0')?.missed).toBe(0);
    read({ rxPackets: 200_000 }, [199_000, 0]);
    expect(ledger.accountOf('eth0')?.missed).toBe(1000);
  });

  it('takes a lasting gap for missed when it is more than the first second may have had on its way', () => {
    read({}, [0, 0]);
    read({ rxPackets: 10_000 }, [9_980, 0]);
    read({ rxPackets: 10_000 }, [9_980, 0]);
    expect(ledger.accountOf('eth0')?.missed).toBe(0);
    read({ rxPackets: 11_000 }, [10_960, 0]);
    read({ rxPackets: 11_000 }, [10_960, 0]);
    expect(ledger.accountOf('eth0')?.missed).toBe(40);
  });

  it('goes on when an interface is made anew: its counters begin at zero', () => {
    read({ rxPackets: 1000 }, [0, 0]);
    read({ rxPackets: 1500 }, [500, 0]);
    read({ rxPackets: 20 }, [520, 0], 9);
    expect(ledger.accountOf('eth0')).toMatchObject({ kernel: { rxPackets: 520 }, missed: 0 });
    read({ rxPackets: 30 }, [530, 0], 9);
    expect(ledger.accountOf('eth0')).toMatchObject({ kernel: { rxPackets: 530 }, missed: 0 });
  });

  it('notices counters that went back although the index is the same', () => {
    read({ txPackets: 1000 }, [0, 0]);
    read({ txPackets: 7 }, [0, 7]);
    expect(ledger.accountOf('eth0')).toMatchObject({ kernel: { txPackets: 7 }, missed: 0 });
  });

  it('counts an interface that appeared later from zero', () => {
    ledger.read([linkView('lo', { readAt: 1 })]);
    ledger.settle(() => ({ inPackets: 0, inBytes: 0, outPackets: null, outBytes: null }));
    read({ rxPackets: 12 }, [12, 0]);
    expect(ledger.accountOf('eth0')?.kernel.rxPackets).toBe(12);
  });

  it('goes on under the new name of an interface that was renamed', () => {
    read({ rxPackets: 5000, rxErrors: 3 }, [0, 0], 4);
    ledger.read([linkView('lan0', { index: 4, readAt: time++ }, { rxPackets: 5010, rxErrors: 3 })]);
    ledger.settle(() => ({ inPackets: 10, inBytes: 1000, outPackets: 0, outBytes: 0 }));
    expect(ledger.accountOf('lan0')).toMatchObject({ kernel: { rxPackets: 10, rxErrors: 0 }, missed: 0 });
  });

  it('does not compare a direction that the capture does not have', () => {
    read({ rxPackets: 10, txPackets: 10 }, [0, null]);
    read({ rxPackets: 30, txPackets: 30 }, [20, null]);
    expect(ledger.accountOf('eth0')).toMatchObject({ kernel: { rxPackets: 20, txPackets: 20 }, missed: 0 });
  });

  it('waits with a reading until it is settled, and takes a new baseline after begin()', () => {
    expect(ledger.awaitedTime).toBeNull();
    ledger.read([linkView('eth0', { readAt: 55 }, { rxPackets: 100 })]);
    expect(ledger.awaitedTime).toBe(55);
    ledger.begin();
    expect(ledger.awaitedTime).toBeNull();
    read({ rxPackets: 100 }, [0, 0]);
    read({ rxPackets: 101 }, [1, 0]);
    expect(ledger.accountOf('eth0')?.kernel.rxPackets).toBe(1);
    ledger.begin();
    expect(ledger.accountOf('eth0')).toBeNull();
    read({ rxPackets: 300 }, [0, 0]);
    expect(ledger.accountOf('eth0')?.kernel.rxPackets).toBe(0);
  });

  it('has no account of an interface without counters', () => {
    ledger.read([{ ...linkView('eth0'), kernel: null }]);
    ledger.settle(() => {
      throw new Error('nothing is there to compare');
    });
    expect(ledger.accountOf('eth0')).toBeNull();
  });
});
